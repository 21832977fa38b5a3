"""The choice from scores alone: totals, limits, duplicates, the best so many, and what is said of it."""
import numpy as np
import pytest
from scipy.stats import rankdata

from data_tools.samples.selection import Selection, dropped_by, ranks, total_scores, verdicts

ALL = Selection(keep=1.0, limits={}, duplicate_bits=-1)


def entry(face, sharpness=1.0, flipped=(), **more):
    """A picture whose hash differs from the usual one in these bits."""
    bits = np.arange(256) % 2
    bits[list(flipped)] ^= 1
    text = np.packbits(bits.astype(np.uint8)).tobytes().hex()
    return dict({'face_score': face, 'sharpness': sharpness, 'hash': text}, **more)


def fates(scores, selection):
    return [(verdict.name, verdict.criterion) for verdict in verdicts(scores, selection)]


def test_the_total_is_the_mean_of_relative_ranks():
    found = total_scores([entry(3.0, landmark_spread=0.2), entry(1.0, landmark_spread=0.1),
                          entry(None, landmark_spread=0.3)])
    # face 1, 1/2, 0; spread (less is better) 1/2, 1, 0; sharpness is a tie: 1/2 each.
    np.testing.assert_allclose(found, [2 / 3, 2 / 3, 1 / 6])
    assert total_scores([entry(1.0)]).tolist() == [0.0] and total_scores([{}, {}]).tolist() == [0.0, 0.0]


def test_ranks_share_the_places_of_equal_values():
    values = [3.0, -np.inf, 1.0, 3.0, -np.inf, 7.0, 3.0]
    np.testing.assert_array_equal(ranks(values), rankdata(values) - 1)


def test_equal_totals_keep_the_order_of_names():
    scores = {'c': entry(1.0), 'a': entry(2.0), 'd': {'error': 'cut off'}, 'b': entry(1.0)}
    found = verdicts(scores, ALL)
    assert [(v.name, v.rank, v.criterion) for v in found] == [
        ('a', 1, ''), ('b', 2, ''), ('c', 3, ''), ('d', 4, 'unreadable')]
    assert found[3].reason == 'cut off'


@pytest.mark.parametrize('keep, kept', [(2, 2), (0.5, 2), (0.01, 1), (99, 4), (1.0, 4)])
def test_the_best_so_many_are_kept(keep, kept):
    scores = {name: entry(float(i)) for i, name in enumerate('abcd')}
    assert fates(scores, ALL._replace(keep=keep)) == [
        (name, '' if i < kept else 'rank') for i, name in enumerate('dcba')]


def test_of_duplicates_the_better_stays_and_makes_room():
    scores = {'a': entry(3.0), 'b': entry(2.0, flipped=range(9)), 'c': entry(1.0, flipped=range(10, 30)),
              'd': entry(0.5, flipped=range(10, 40))}
    found = verdicts(scores, Selection(2, {}, 9))
    assert [(v.name, v.reason) for v in found] == [
        ('a', ''), ('b', 'duplicate of a'), ('c', ''), ('d', 'not among the best 2')]
    assert dropped_by(found) == '1 by duplicate, 1 by rank'
    assert fates(scores, Selection(4, {}, 10))[3] == ('d', 'duplicate')  # of c
    assert [criterion for _, criterion in fates(scores, ALL)] == [''] * 4


def test_duplicates_are_found_among_many():
    rng = np.random.RandomState(0)
    scores = {f'{i:04d}': entry(-float(i), flipped=np.nonzero(rng.randint(0, 2, 256))[0]) for i in range(300)}
    scores['copy'] = dict(scores['0290'], face_score=-1000.0)
    found = verdicts(scores, Selection(1.0, {}, 24))
    assert [v.reason for v in found if v.criterion] == ['duplicate of 0290']


def test_what_is_beyond_a_limit_is_dropped():
    scores = {'a': entry(1.0, identity=0.8, landmark_spread=0.01), 'b': entry(2.0, identity=0.9, landmark_spread=0.05),
              'c': entry(None, identity=0.95, landmark_spread=None)}
    reasons = {v.name: v.reason for v in verdicts(scores, ALL._replace(limits={'identity': 0.9}))}
    assert reasons == {'a': 'identity 0.8 is worse than 0.9', 'b': '', 'c': ''}
    reasons = {v.name: v.reason for v in verdicts(scores, ALL._replace(limits={'landmark_spread': 0.02}))}
    assert reasons == {'a': '', 'b': 'landmark_spread 0.05 is worse than 0.02', 'c': 'no landmark_spread'}
