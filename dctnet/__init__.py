"""DCT-Net portrait stylization in graph-mode TensorFlow 1.x (also on 2.x through tf.compat.v1).

from dctnet import Stylizer       photographs to cartoons (dctnet/inference/stylizer.py)
from dctnet import FrozenGraph    runs one frozen graph on images (dctnet/frozen.py)
"""
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dctnet.frozen import FrozenGraph
    from dctnet.inference.stylizer import Stylizer

__version__ = '0.3.0'
__all__ = ['FrozenGraph', 'Stylizer', '__version__']

_HOMES = {'FrozenGraph': 'dctnet.frozen', 'Stylizer': 'dctnet.inference.stylizer'}


def __getattr__(name: str) -> Any:
    """The classes above, imported when they are first used (PEP 562): TensorFlow takes seconds to load."""
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_HOMES[name]), name)
