"""How far an exported file is from the live graph: largest and mean difference in grey levels, at three sizes."""
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from skimage import data

from dctnet import images
from dctnet.compat import TENSORFLOW_VERSION
from dctnet.errors import UserError
from dctnet.exporters.choice import FLOAT16, FLOAT32, INT8
from dctnet.exporters.translator import Weights, live_translations

# Height and width: what head crops have, multiples of 4 that are none of 16, and a large picture.
SIZES = ((288, 288), (404, 572), (720, 960))
# Precision -> grey levels that a file may differ by, the largest and the mean difference.
LIMITS = {FLOAT32: (1, 0.02), FLOAT16: (4, 0.2), INT8: (255, 3.0)}
Run = Callable[[np.ndarray], np.ndarray]  # float32 [1, H, W, 3] BGR 0-255 -> [1, H, W, 3] grey levels


class Reference(NamedTuple):
    """What the live graph makes of a few pictures, uint8 [H, W, 3] BGR each."""
    pictures: List[np.ndarray]
    translations: List[np.ndarray]


def pictures(sizes: Sequence[Sequence[int]]) -> List[np.ndarray]:
    """Photographs that scikit-image brings (a face, a still life, a rocket) at up to three sizes (height, width), uint8
    [H, W, 3] BGR."""
    photographs = [np.ascontiguousarray(photograph()[:, :, ::-1])
                   for photograph in (data.astronaut, data.coffee, data.rocket)]
    return [images.scale(photograph, width, height) for photograph, (height, width) in zip(photographs, sizes)]


def reference(weights: Weights, where: str, sizes: Optional[Sequence[Sequence[int]]] = None) -> Reference:
    """The live graph's translations.

    weights, where: of the translator, and the name of their origin for errors.
    sizes: of the pictures, (height, width); None for SIZES.
    """
    shown = pictures(sizes or SIZES)
    return Reference(shown, live_translations(weights, where, shown))


def measured(run: Run, of: Reference, runtime: str) -> Dict[str, object]:
    """The entry of a card about an exported file.

    run: translates a batch with the file.
    of: what the live graph gives.
    runtime: what runs the file, by name and version.
    """
    sizes = {}
    for picture, expected in zip(of.pictures, of.translations):
        found = run(picture[None].astype(np.float32))[0]
        difference = np.abs(np.floor(found).astype(int) - expected)
        sizes['{}x{}'.format(*expected.shape)] = {'largest': int(difference.max()),
                                                  'mean': round(float(difference.mean()), 4)}
    return {'unit': 'grey levels, 0-255', 'from': f'the live graph, TensorFlow {TENSORFLOW_VERSION}',
            'runtime': runtime, 'sizes': sizes}


def largest(parity: Dict) -> int:
    """The largest difference at any size, in grey levels."""
    return max(size['largest'] for size in parity['sizes'].values())


def mean(parity: Dict) -> float:
    """The largest of the sizes' mean differences, in grey levels."""
    return max(size['mean'] for size in parity['sizes'].values())


def check(parity: Dict, precision: str, name: str) -> None:
    """Refuse a file that is farther from the live graph than its precision may bring about.

    parity: from `measured`.
    precision: of the file.
    name: of the file.
    Raises UserError if the style does not bear the precision; RuntimeError for float32, which every style bears.
    """
    allowed_largest, allowed_mean = LIMITS[precision]
    if largest(parity) <= allowed_largest and mean(parity) <= allowed_mean:
        return
    told = f'{name} differs from the live graph by {mean(parity)} grey levels on average, {largest(parity)} at most'
    if precision == FLOAT32:
        raise RuntimeError(told)
    raise UserError(f'{told}; {precision} may by {allowed_mean} and {allowed_largest}. This style does not bear it: '
                    'leave this precision out')
