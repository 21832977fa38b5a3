"""Which layer of a blend comes from where: every index, the two-figure ones too."""
import numpy as np
import pytest

from dctnet.models.blending import blend, target_share
from dctnet.nets.stylegan2 import Architecture, generator_shapes

SHAPES = generator_shapes(Architecture(512, max_channels=2, style_dim=2, mapping_layers=2))


@pytest.fixture(scope='module')
def pair():
    return [{name: np.full(shape, value, np.float32) for name, shape in SHAPES.items()} for value in (0.0, 1.0)]


def from_target(weights):
    return {name for name, array in weights.items() if array.flat[0] == 1}


@pytest.mark.parametrize('resolution, convs, to_rgbs', [(4, 1, 1), (8, 3, 2), (16, 5, 3), (128, 11, 6), (256, 13, 7)])
def test_hard_blend(pair, resolution, convs, to_rgbs):
    expected = {name for name in SHAPES if name.startswith('convs/') and int(name.split('/')[1]) >= convs}
    expected |= {name for name in SHAPES if name.startswith('to_rgbs/') and int(name.split('/')[1]) >= to_rgbs}
    assert from_target(blend(*pair, resolution=resolution)) == expected
    assert 'convs/10/conv/weight' in SHAPES and ('convs/10/conv/weight' in expected) == (convs <= 10)


def test_soft_blend_rises_with_the_resolution(pair):
    shares = [target_share(f'convs/{i}/conv/weight', 16, 0.5) for i in range(14)]
    assert shares == sorted(shares) and shares[0] < 0.1 < 0.9 < shares[-1] and shares[0] == shares[1] < shares[2]
    assert target_share('to_rgbs/1/bias', 16, 0.5) < 0.5 < target_share('to_rgbs/2/bias', 16, 0.5)
    soft = blend(*pair, resolution=16, width=0.5)
    assert soft['convs/4/conv/weight'].flat[0] == pytest.approx(shares[4])
    assert soft['style/1/weight'].max() == soft['conv1/conv/weight'].max() == 0


def test_mistakes(pair):
    with pytest.raises(ValueError, match='power of two'):
        blend(*pair, resolution=6)
    other = dict(pair[1], extra=np.zeros(1))
    with pytest.raises(ValueError, match='extra'):
        blend(pair[0], other)
