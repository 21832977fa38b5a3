"""Scores of drawn answers with known percentages, and files that were edited by hand."""
import json

import numpy as np
import pytest

from dctnet.errors import UserError, exit_with
from dctnet.study.__main__ import main
from dctnet.study.answers import Study, read_answers
from dctnet.study.scoring import fleiss_kappa, markdown, score

STUDY = Study(['a', 'b', 'c'], [f'{i}.png' for i in range(20)])


def write(path, participant='p', choose=lambda item: item[1], **changes):
    answers = [{'item': list(item), 'choice': choose(item)} for item in STUDY.items()]
    record = dict({'study': STUDY.id, 'methods': STUDY.methods, 'names': STUDY.names, 'participant': participant,
                   'answers': answers}, **changes)
    path.write_text(json.dumps(record))
    return path


def test_percentages_are_those_of_the_votes(tmp_path):
    rng = np.random.RandomState(0)

    def choose(item):  # the first method wins 80 % of the comparisons of content, all of style
        return item[1] if item[3] == 'style' or rng.rand() < 0.8 else item[2]
    paths = [write(tmp_path / f'{i}.json', str(i), choose) for i in range(30)]
    result = score(*read_answers(paths))
    content, style = result['content']['methods'], result['style']['methods']
    assert [style[m]['percent'] for m in 'abc'] == [100, 50, 0] and style['a']['low'] == 100
    for method, percent in (('a', 80), ('b', 50), ('c', 20)):
        row = content[method]
        assert row['comparisons'] == 1200 and row['low'] < row['percent'] < row['high'] < row['low'] + 8
        assert abs(row['percent'] - percent) < 4
    assert '| a | ' in markdown(result) and '30 participants' in markdown(result)


def test_kappa_is_that_of_the_textbook():
    assert fleiss_kappa(np.array([[5, 0], [0, 5]])) == 1
    assert fleiss_kappa(np.array([[2, 2], [2, 2]])) == pytest.approx(-1 / 3)
    assert fleiss_kappa(np.array([[1, 0], [0, 1]])) is None  # one vote each


@pytest.mark.parametrize('changes, message', [
    ({'study': '0'}, 'was edited'), ({'methods': ['a', 'b', 'x']}, 'was edited'), ({'participant': ''}, 'no name'),
    ({'answers': []}, 'no answers'), ({'answers': 3}, 'no answer file'),
    ({'answers': [{'item': ['9.jpg', 'a', 'b', 'style'], 'choice': 'a'}]}, 'has no question 9.jpg'),
    ({'answers': [{'item': ['1.png', 'a', 'b', 'style'], 'choice': 'c'}]}, 'none of the methods'),
    ({'answers': [{'item': ['1.png', 'a', 'b', 'style'], 'choice': 'a'}] * 2}, 'answered twice')])
def test_files_that_were_edited_are_refused(tmp_path, changes, message):
    with pytest.raises(UserError, match='edited.json.*' + message):
        read_answers([write(tmp_path / 'edited.json', **changes)])


def test_the_same_participant_twice_is_refused(tmp_path):
    with pytest.raises(UserError, match='1.json.*2.json.*same participant'):
        read_answers([write(tmp_path / '1.json'), write(tmp_path / '2.json')])


@pytest.mark.parametrize('data', [
    b'', b'{', b'null', b'[]', b'"study"', b'7', b'\xff\xfe\x00', b'{"methods": "ab"}',
    pytest.param(b'[' * 100000, id='deep')])
def test_files_that_hold_something_else_are_refused(tmp_path, data):
    (tmp_path / 'other.json').write_bytes(data)
    with pytest.raises(UserError, match='other.json is no (answer file|UTF-8 text)') as caught:
        read_answers([tmp_path / 'other.json'])
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('key', ['study', 'methods', 'names', 'participant', 'answers'])
def test_keys_that_are_missing_are_named(tmp_path, key):
    record = json.loads(write(tmp_path / 'edited.json').read_text())
    del record[key]
    (tmp_path / 'edited.json').write_text(json.dumps(record))
    with pytest.raises(UserError, match='edited.json.*' + ('was edited' if key == 'study' else key)):
        read_answers([tmp_path / 'edited.json'])


@pytest.mark.parametrize('entry', [
    7, 'a', {'item': ['1.png', 'a', 'b', 'style']}, {'choice': 'a'}, {'item': '1.png', 'choice': 'a'},
    {'item': ['1.png', 'a', 'b'], 'choice': 'a'}, {'item': ['1.png', 'b', 'a', 'style'], 'choice': 'a'},
    {'item': ['1.png', 'a', 'b', 'style'], 'choice': ['a']}, {'item': ['1.png', 'a', 'b', 'beauty'], 'choice': 'a'}])
def test_answers_that_the_page_cannot_give_are_refused(tmp_path, entry):
    with pytest.raises(UserError, match='edited.json'):
        read_answers([write(tmp_path / 'edited.json', answers=[entry])])


def test_files_that_are_not_there_are_told(tmp_path):
    for path, part in ((tmp_path / 'none.json', 'does not exist'), (tmp_path, 'is a folder')):
        with pytest.raises(UserError, match=part):
            read_answers([path])


def test_a_question_that_nobody_has_answered_has_no_score(tmp_path):
    """An interrupted participant: no percentage, rather than one of nothing."""
    paths = []
    for index in range(2):
        answers = [{'item': list(item), 'choice': 'a'} for item in STUDY.items()[:3 * (1 - index) + 1]
                   if item[1] == 'a' and item[3] == 'content']
        paths.append(write(tmp_path / f'{index}.json', str(index), answers=answers))
    result = score(*read_answers(paths))
    assert result['style']['methods']['a'] == {'percent': None, 'low': None, 'high': None, 'comparisons': 0}
    assert result['content']['methods']['a'] == {'percent': 100, 'low': 100, 'high': 100, 'comparisons': 3}
    assert result['style']['kappa'] is None and '| a | 100.0 [100.0, 100.0] | – |' in markdown(result)


def test_a_mark_in_front_of_the_text_is_skipped(tmp_path):
    path = write(tmp_path / 'saved.json')
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert len(read_answers([path])[1][0].choices) == len(STUDY.items())


def test_the_command_writes_the_scores(tmp_path, capsys):
    path = write(tmp_path / 'p.json')
    assert main(['score', str(path), '--out', str(tmp_path / 'scores.json')]) == 0
    assert json.loads((tmp_path / 'scores.json').read_text())['participants'] == 1
    path.write_text('{')
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: main(['score', str(path), '--out', str(tmp_path / 'other.json')]))
    assert left.value.code == 2 and not (tmp_path / 'other.json').exists()
    assert 'p.json is no answer file' in capsys.readouterr().err
