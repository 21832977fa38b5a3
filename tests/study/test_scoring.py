"""Scores of drawn answers with known percentages, and files that were edited by hand."""
import json

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.study.answers import Study, read_answers
from dctnet.study.scoring import fleiss_kappa, markdown, score

STUDY = Study(['a', 'b', 'c'], ['{}.png'.format(i) for i in range(20)])


def write(path, participant='p', choose=lambda item: item[1], **changes):
    answers = [{'item': list(item), 'choice': choose(item)} for item in STUDY.items()]
    record = dict({'study': STUDY.id, 'methods': STUDY.methods, 'names': STUDY.names, 'participant': participant,
                   'answers': answers}, **changes)
    path.write_text(json.dumps(record))
    return path


def test_known_percentages(tmp_path):
    rng = np.random.RandomState(0)

    def choose(item):  # the first method wins 80 % of the comparisons of content, all of style
        return item[1] if item[3] == 'style' or rng.rand() < 0.8 else item[2]
    paths = [write(tmp_path / '{}.json'.format(i), str(i), choose) for i in range(30)]
    result = score(*read_answers(paths))
    content, style = result['content']['methods'], result['style']['methods']
    assert [style[m]['percent'] for m in 'abc'] == [100, 50, 0] and style['a']['low'] == 100
    for method, percent in (('a', 80), ('b', 50), ('c', 20)):
        row = content[method]
        assert row['comparisons'] == 1200 and row['low'] < row['percent'] < row['high'] < row['low'] + 8
        assert abs(row['percent'] - percent) < 4
    assert '| a | ' in markdown(result) and '30 participants' in markdown(result)


def test_kappa():
    assert fleiss_kappa(np.array([[5, 0], [0, 5]])) == 1
    assert fleiss_kappa(np.array([[2, 2], [2, 2]])) == pytest.approx(-1 / 3)
    assert fleiss_kappa(np.array([[1, 0], [0, 1]])) is None  # one vote each


@pytest.mark.parametrize('changes, message', [
    ({'study': '0'}, 'was edited'), ({'methods': ['a', 'b', 'x']}, 'was edited'), ({'participant': ''}, 'no name'),
    ({'answers': []}, 'no answers'), ({'answers': 3}, 'no answer file'),
    ({'answers': [{'item': ['9.jpg', 'a', 'b', 'style'], 'choice': 'a'}]}, 'has no question 9.jpg'),
    ({'answers': [{'item': ['1.png', 'a', 'b', 'style'], 'choice': 'c'}]}, 'none of the methods'),
    ({'answers': [{'item': ['1.png', 'a', 'b', 'style'], 'choice': 'a'}] * 2}, 'answered twice')])
def test_files_that_were_edited(tmp_path, changes, message):
    with pytest.raises(UserError, match='edited.json.*' + message):
        read_answers([write(tmp_path / 'edited.json', **changes)])


def test_the_same_participant_twice(tmp_path):
    with pytest.raises(UserError, match='1.json.*2.json.*same participant'):
        read_answers([write(tmp_path / '1.json'), write(tmp_path / '2.json')])
