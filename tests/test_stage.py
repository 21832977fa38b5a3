"""Which phases of a stage are due, and which are updated at once."""
import pytest

from dctnet.stage import Phase, StageGraph


def stage(joint, *phases):
    return StageGraph([Phase(name, None, {}, [], every, None, begin=begin, end=end)
                       for name, every, begin, end in phases], None, joint, [])


def due(graph, step):
    return [''.join(phase.name for phase in group) for group in graph.due(step)]


START = (('g', 2, 5, None), ('d', 1, 3, None), ('p', 1, 0, 3))


@pytest.mark.parametrize('joint, expected', [
    (True, [['p'], ['p'], ['p'], ['d'], ['d'], ['d'], ['gd'], ['d'], ['gd']]),
    (False, [['p'], ['p'], ['p'], ['d'], ['d'], ['d'], ['g', 'd'], ['d'], ['g', 'd']])])
def test_phases_begin_and_end(joint, expected):
    assert [due(stage(joint, *START), step) for step in range(9)] == expected


@pytest.mark.parametrize('joint, expected', [(True, {('p',), ('d',), ('g', 'd')}), (False, {('p',), ('d',), ('g',)})])
def test_every_group_that_is_ever_due_is_known(joint, expected):
    assert stage(joint, *START).groups() == expected


def test_nothing_is_due_before_the_first_phase_begins():
    graph = stage(True, ('g', 1, 4, None))
    assert due(graph, 0) == [] and graph.groups() == {('g',)}
