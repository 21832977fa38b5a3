"""The network of random filters: blind to even colours and to places, not to texture; the same in both runtimes."""
import cv2
import numpy as np
import pytest

from dctnet.nets import texture_network


@pytest.fixture(scope='module')
def network():
    return texture_network.session('cpu')


def noise(seed, side=48):
    return np.random.RandomState(seed).uniform(-1, 1, (1, side, side, 3)).astype(np.float32)


def test_even_areas_of_any_colour_give_nothing(network):
    for colour in (-1, (0.3, -0.8, 0.9)):
        assert np.abs(network(np.full((1, 48, 48, 3), colour, np.float32))).max() < 1e-4


def test_texture_counts_and_its_place_does_not(network):
    grain, other, smooth = noise(0), noise(1), cv2.GaussianBlur(noise(0)[0], (0, 0), 1.5)[None]
    to_other, to_smooth = [np.linalg.norm(network(grain) - network(image)) for image in (other, smooth)]
    assert to_other < 0.1 * to_smooth


def test_the_figures_are_those_of_this_network(network):
    """Of any runtime: figures of two trainings compare."""
    found = network(noise(0))[0]
    assert found.shape == (288,)
    assert found[[0, 40, 100, 200, 287]] == pytest.approx([0.32695, 0.49838, 0.13498, 0.056675, 0.063182], rel=1e-4)
