"""Answers of many people as percentages with confidence intervals, and how far the people agree."""
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from dctnet.study.answers import QUESTIONS, Answers, Study

_DRAWS = 2000


def score(study: Study, answers: Sequence[Answers], seed: int = 0) -> Dict[str, Any]:
    """question -> method -> {percent, low, high, comparisons}, question -> kappa, and the number of participants.

    percent: of the comparisons that a method was in, those it won. low, high: 95 % interval by a bootstrap over
    participants, whose answers are not independent of each other; None for one participant.
    """
    rng = np.random.RandomState(seed)
    picks = rng.randint(0, len(answers), (_DRAWS, len(answers)))
    result: Dict[str, Any] = {'study': study.id, 'participants': len(answers), 'pictures': len(study.names)}
    for question in QUESTIONS:
        rows = {}
        for method in study.methods:
            counts = np.array([_counts(entry, method, question) for entry in answers], np.float64)  # won, compared
            rows[method] = dict(_interval(counts, picks), comparisons=int(counts[:, 1].sum()))
        result[question] = {'methods': rows, 'kappa': fleiss_kappa(_table(answers, question))}
    return result


def _counts(answers: Answers, method: str, question: str) -> List[int]:
    choices = [choice for item, choice in answers.choices.items() if item[3] == question and method in item[1:3]]
    return [choices.count(method), len(choices)]


def _interval(counts: np.ndarray, picks: np.ndarray) -> Dict[str, Optional[float]]:
    won, compared = counts.sum(axis=0)
    if not compared:
        return {'percent': None, 'low': None, 'high': None}
    low = high = None
    if len(counts) > 1:
        drawn = counts[picks].sum(axis=1)  # [draws, 2]
        shares = drawn[drawn[:, 1] > 0]
        low, high = (float(v) for v in np.percentile(100 * shares[:, 0] / shares[:, 1], [2.5, 97.5]))
    return {'percent': float(100 * won / compared), 'low': low, 'high': high}


def _table(answers: Sequence[Answers], question: str) -> np.ndarray:
    votes: Dict[Any, List[int]] = {}
    for entry in answers:
        for item, choice in entry.choices.items():
            if item[3] == question:
                votes.setdefault(item, [0, 0])[item[1:3].index(choice)] += 1
    return np.array(list(votes.values()), np.float64).reshape(-1, 2)


def fleiss_kappa(table: np.ndarray) -> Optional[float]:
    """Agreement beyond chance (Fleiss 1971), 1 for full agreement; votes [items, categories]. Items with fewer than
    two votes are left out. None if there are none, or if all votes fall into one category."""
    table = table[table.sum(axis=1) >= 2]
    if not len(table):
        return None
    votes = table.sum(axis=1)
    observed = np.mean((np.square(table).sum(axis=1) - votes) / (votes * (votes - 1)))
    chance = np.square(table.sum(axis=0) / table.sum()).sum()
    return None if chance == 1 else float((observed - chance) / (1 - chance))


def markdown(result: Dict[str, Any]) -> str:
    """The result of `score` as a table."""
    lines = [f"| | {' | '.join(f'Pref. {q}, % [95 %]' for q in QUESTIONS)} |", '|---|---|---|']
    for method in result[QUESTIONS[0]]['methods']:
        lines.append('| {} | {} |'.format(method, ' | '.join(
            _cell(result[question]['methods'][method]) for question in QUESTIONS)))
    lines.append('| Fleiss\' kappa | {} |'.format(' | '.join(
        '–' if result[q]['kappa'] is None else f"{result[q]['kappa']:.2f}" for q in QUESTIONS)))
    return '\n'.join(lines + ['', '{participants} participants, {pictures} pictures.'.format(**result)]) + '\n'


def _cell(row: Dict[str, Any]) -> str:
    if row['percent'] is None:
        return '–'
    return f"{row['percent']:.1f}" + (
        f" [{row['low']:.1f}, {row['high']:.1f}]" if row['low'] is not None else '')
