"""Stylizers of tiny frozen graphs, and real faces for them."""
import numpy as np
import pytest
from skimage import data

from dctnet.inference.stylizer import Stylizer


@pytest.fixture(scope='module')
def stylizer(model):
    return Stylizer(model, device='cpu')


@pytest.fixture(scope='module')
def single(model):
    return Stylizer(model, device='cpu', mode='single')


@pytest.fixture(scope='module')
def astronaut():
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


@pytest.fixture(scope='module')
def four_faces(astronaut):
    return np.tile(astronaut[:250, 100:350], (2, 2, 1))
