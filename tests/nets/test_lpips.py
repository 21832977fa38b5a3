"""LPIPS against plain numpy, at the true size with random weights."""
import numpy as np
import pytest

from dctnet import frozen, images
from dctnet.graph_safety import contents
from dctnet.nets import lpips
from tests.data_tools.weights.published_files import lpips_states


def convolved(x, kernel, bias, stride, padding):
    """PyTorch's convolution, [C, H, W] with a kernel [out, in, k, k]."""
    x, side = np.pad(x, ((0, 0), (padding, padding), (padding, padding)), 'constant'), kernel.shape[2]
    rows, columns = [(size - side) // stride + 1 for size in x.shape[1:]]
    result = np.empty((len(kernel), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, stride * i:stride * i + side, stride * j:stride * j + side]
            result[:, i, j] = np.tensordot(kernel, window, 3) + bias
    return result


def pooled(x):
    rows, columns = [(size - 3) // 2 + 1 for size in x.shape[1:]]
    return np.stack([[x[:, 2 * i:2 * i + 3, 2 * j:2 * j + 3].max(axis=(1, 2)) for j in range(columns)]
                     for i in range(rows)]).transpose(2, 0, 1)


def layers(picture, state):
    """The five layers of one picture, float [H, W, 3] BGR."""
    x = picture[:, :, ::-1].transpose(2, 0, 1).astype(np.float64)
    x = (x - np.reshape([-.030, -.088, -.188], (3, 1, 1))) / np.reshape([.458, .448, .450], (3, 1, 1))
    for layer, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
        x = pooled(x) if layer in (3, 6) else x
        name = f'features.{layer}.'
        x = np.maximum(convolved(x, state[name + 'weight'], state[name + 'bias'], stride, padding), 0)
        yield x


def reference(photo, result, alexnet, linear):
    total = 0.0
    for index, pair in enumerate(zip(layers(photo, alexnet), layers(result, alexnet))):
        a, b = [x / (np.sqrt((x ** 2).sum(axis=0)) + 1e-10) for x in pair]
        weight = linear[f'lin{index}.model.1.weight'][0]
        total += (weight * (a - b) ** 2).sum(axis=0).mean()
    return total


@pytest.fixture(scope='module')
def states():
    return lpips_states()


@pytest.fixture(scope='module')
def network(states):
    from data_tools.weights.torch_states import lpips_arrays
    graph_def = lpips.freeze_graph(lpips_arrays(*states, where='x'))
    contents.check(graph_def, 'x')
    return frozen.FrozenGraph(graph_def, [lpips.PHOTO, lpips.RESULT], [lpips.OUTPUT], 'cpu')


@pytest.fixture(scope='module')
def pictures():
    """Two pairs of 39 x 35 px, which no stride divides."""
    return np.random.RandomState(0).uniform(-1, 1, (2, 2, 39, 35, 3)).astype(np.float32)


def test_against_numpy(network, states, pictures):
    expected = [reference(photo, result, *states) for photo, result in zip(*pictures)]
    assert network(*pictures) == pytest.approx(expected, rel=1e-4)
    assert min(expected) > 0.01 and expected[0] != pytest.approx(expected[1], rel=1e-3)


def test_a_distance(network, pictures):
    photos, results = pictures
    assert network(photos, photos) == pytest.approx([0, 0], abs=1e-7)
    assert network(photos, results) == pytest.approx(network(results, photos), rel=1e-5)
    near = images.to_unit(images.to_uint8(photos) // 4 * 4)
    assert (network(photos, near) < 0.5 * network(photos, results)).all()
    assert network(photos, photos[..., ::-1]).min() > 0.001  # colours are not mistaken for each other
