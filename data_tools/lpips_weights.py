"""The published AlexNet (torchvision) and linear layers of LPIPS (PyTorch states) in this project's layout."""
from typing import Dict

import numpy as np

from dctnet import checkpoint
from dctnet.errors import UserError
from dctnet.nets import lpips

_LAYERS = (0, 3, 6, 8, 10)  # the convolutions among AlexNet's features


def lpips_arrays(alexnet: Dict[str, np.ndarray], linear: Dict[str, np.ndarray], where: str) -> Dict[str, np.ndarray]:
    """The arrays of lpips.shapes. where: names both files in errors. Raises UserError where a weight is missing, of
    another shape, no finite number, or negative in a linear layer, which would make a negative distance."""
    try:
        arrays = {}
        for index, layer in enumerate(_LAYERS):
            arrays.update({f'{index}/kernel': alexnet[f'features.{layer}.weight'].transpose(2, 3, 1, 0),
                           f'{index}/bias': alexnet[f'features.{layer}.bias'],
                           f'{index}/weight': linear[f'lin{index}.model.1.weight'][0, :, 0, 0]})
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f'{where} do not hold AlexNet and the linear layers of LPIPS: {error} is missing or of another '
                        'shape. Name alexnet-owt-7be5be79.pth first, then alex.pth of lpips/weights/v0.1') from error
    report = checkpoint.compare(lpips.shapes(), {name: array.shape for name, array in arrays.items()})
    if report.reshaped:
        raise UserError(f'{where} do not hold AlexNet and the linear layers of LPIPS: {report.text()}')
    damaged = [name for name, array in arrays.items()
               if not np.isfinite(array).all() or name.endswith('/weight') and array.min() < 0]
    if damaged:
        raise UserError(f'{where} hold values that are no finite numbers, or negative weights of channels '
                        f"({', '.join(damaged[:4])}): fetch them again")
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
