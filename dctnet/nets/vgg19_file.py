"""VGG19's published weights, from vgg19.npy or from Keras' file, in the form that dctnet.nets.vgg19 takes.

Both were converted from the Caffe model: kernels [height, width, in, out], and the first layer takes blue, green, red
(Keras' preprocess_input swaps RGB to BGR before this network and subtracts the mean, without scaling). So neither the
order of channels nor the scale needs a change.
"""
from pathlib import Path
from typing import Dict, List

import h5py
import numpy as np

from dctnet.errors import UserError
from dctnet.files import regular
from dctnet.files.pickled_arrays import read_array_lists
from dctnet.nets import vgg19

_LARGEST, _MOST_ARRAYS = 3 * 3 * 512 * 512, 4  # numbers of an array; arrays of a layer
_NPY_MAGIC, _HDF5_MAGIC = b'\x93NUMPY', b'\x89HDF\r\n\x1a\n'
_SHOWN = 3  # faults of a file
_WANTED_FILES = 'vgg19.npy or vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 (sources in checkpoints/README.md)'


def read(path: Path) -> Dict[str, List[np.ndarray]]:
    """Layer name (conv1_1 ... conv4_4) -> [kernel float32 [3, 3, in, out], bias float32 [out]].

    Layers beyond conv4_4 are ignored. Raises UserError if the file is missing, damaged or neither of the two, or
    if a layer is missing, of another shape or not finite.
    """
    path = Path(path)
    try:
        with regular.opened(path) as stream:
            start = stream.read(8)
    except FileNotFoundError:
        raise UserError(f'weights {path} do not exist: fetch {_WANTED_FILES}') from None
    except OSError as error:
        raise UserError(f'cannot read {path} ({error.strerror}): name the file {_WANTED_FILES}') from error
    if start.startswith(_NPY_MAGIC):
        weights = read_array_lists(path, vgg19.LAYERS)
    elif start == _HDF5_MAGIC:
        weights = _read_keras(path)
    else:
        raise UserError(f'{path} is neither a NumPy nor an HDF5 file: fetch {_WANTED_FILES}')
    _check(weights, path)
    return weights


def _read_keras(path: Path) -> Dict[str, List[np.ndarray]]:
    """Keras' layer block1_conv1 is conv1_1. Its group holds the kernel and the bias, under names and at a depth that
    changed between versions of Keras, so they are distinguished by their rank."""
    weights = {}
    try:
        with h5py.File(str(path), 'r') as archive:
            layers = archive['model_weights'] if 'model_weights' in archive else archive
            for name in vgg19.LAYERS:
                group = layers.get('block{0}_conv{1}'.format(*name[len('conv'):].split('_')))
                if isinstance(group, h5py.Group):
                    weights[name] = _arrays_by_rank(group)
    except (OSError, LookupError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
        # h5py signals damage by any of these
        raise UserError(f"{path} is damaged or cut off ({' '.join(str(error).split())}): download it again") from error
    return weights


def _arrays_by_rank(group: h5py.Group) -> List[np.ndarray]:
    """All datasets below a group, the kernel before the bias."""
    arrays: List[np.ndarray] = []

    def visit(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            # Its size is what the file states, and may lie anywhere: in other files, or nowhere.
            if item.dtype.kind != 'f' or item.size > _LARGEST or len(arrays) == _MOST_ARRAYS or item.external:
                raise ValueError(f'{item.name} has shape {item.shape} of {item.dtype}')
            arrays.append(np.asarray(item[()], dtype=np.float32))

    group.visititems(visit)
    return sorted(arrays, key=lambda array: -array.ndim)


def _check(weights: Dict[str, List[np.ndarray]], path: Path) -> None:
    faults: List[str] = []
    for name, shape in vgg19.shapes().items():
        arrays = weights.get(name, [])
        for part, wanted, place in (('kernel', shape, 0), ('bias', shape[3:], 1)):
            if len(arrays) <= place:
                faults.append(f'{name} {part} is missing')
            elif arrays[place].shape != wanted:
                faults.append(f'{name} {part} {list(arrays[place].shape)} instead of {list(wanted)}')
    if faults:
        more = f' and {len(faults) - _SHOWN} more' if len(faults) > _SHOWN else ''
        raise UserError(f"{path} does not hold VGG19: {', '.join(faults[:_SHOWN])}{more}. Fetch {_WANTED_FILES}")
    for name, arrays in weights.items():
        if len(arrays) != 2 or not all(np.isfinite(array).all() for array in arrays):
            raise UserError(f'{path} is damaged: layer {name} must be a kernel and a bias of finite numbers. Download '
                            'it again')
