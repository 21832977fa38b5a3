"""The published IR-SE50 and LPIPS weights, as PyTorch's files hold them (torch_file), in this project's layout."""
from typing import Dict

import numpy as np

from dctnet.errors import UserError
from dctnet.nets import arcface, lpips
from dctnet.runs import checkpoint

_EPSILON = 1e-5  # PyTorch's batch normalisation
_ALEXNET_CONVOLUTIONS = (0, 3, 6, 8, 10)  # their places among AlexNet's features


def arcface_arrays(state: Dict[str, np.ndarray], where: str) -> Dict[str, np.ndarray]:
    """The published IR-SE50 in the layout of nets.arcface.shapes, with normalisations folded into scale and offset.

    Raises UserError if a weight is missing or of another shape; `where` names the file.
    """
    try:
        arrays = _ir_se50(state)
    except (KeyError, ValueError) as error:
        raise UserError(f'{where} does not hold IR-SE50: {error} is missing or of another shape. Fetch '
                        'model_ir_se50.pth') from error
    report = checkpoint.compare(arcface.shapes(), {name: array.shape for name, array in arrays.items()})
    if report.missing or report.reshaped:
        raise UserError(f'{where} does not hold IR-SE50: {report.text()}. Fetch model_ir_se50.pth')
    damaged = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if damaged:
        raise UserError(f"{where} holds values that are no finite numbers ({', '.join(damaged[:4])}): fetch it again")
    return arrays


def _ir_se50(state: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    arrays = {'input/kernel': _kernel(state['input_layer.0.weight']), 'input/slope': state['input_layer.2.weight'],
              'embedding/matrix': _flattened(state['output_layer.3.weight']),
              'embedding/bias': state['output_layer.3.bias']}
    normalised = {'input': 'input_layer.1', 'output': 'output_layer.0', 'embedding': 'output_layer.4'}
    for index, (inputs, outputs, _) in enumerate(arcface.bottlenecks()):
        ours, theirs = f'body/{index}/', f'body.{index}.'
        arrays.update({ours + 'kernel1': _kernel(state[theirs + 'res_layer.1.weight']),
                       ours + 'slope': state[theirs + 'res_layer.2.weight'],
                       ours + 'kernel2': _kernel(state[theirs + 'res_layer.3.weight']),
                       ours + 'squeeze': state[theirs + 'res_layer.5.fc1.weight'][:, :, 0, 0].T,
                       ours + 'excite': state[theirs + 'res_layer.5.fc2.weight'][:, :, 0, 0].T})
        normalised.update({ours + 'before': theirs + 'res_layer.0', ours + 'after': theirs + 'res_layer.4'})
        if inputs != outputs:
            arrays[ours + 'shortcut'] = _kernel(state[theirs + 'shortcut_layer.0.weight'])
            normalised[ours + 'beside'] = theirs + 'shortcut_layer.1'
    for ours, theirs in normalised.items():
        deviation = np.sqrt(state[theirs + '.running_var'].astype(np.float64) + _EPSILON)
        scale = state[theirs + '.weight'] / deviation
        arrays[ours + '/scale'] = scale
        arrays[ours + '/offset'] = state[theirs + '.bias'] - state[theirs + '.running_mean'] * scale
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def _kernel(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0)


def _flattened(matrix: np.ndarray) -> np.ndarray:
    """[512, 512·7·7], the inputs channel by channel -> [7·7·512, 512]."""
    return matrix.reshape(-1, 512, 7, 7).transpose(2, 3, 1, 0).reshape(7 * 7 * 512, -1)


def lpips_arrays(alexnet: Dict[str, np.ndarray], linear: Dict[str, np.ndarray], where: str) -> Dict[str, np.ndarray]:
    """The arrays of lpips.shapes. where: names both files in errors. Raises UserError where a weight is missing, of
    another shape, no finite number, or negative in a linear layer, which would make a negative distance."""
    try:
        arrays = {}
        for index, layer in enumerate(_ALEXNET_CONVOLUTIONS):
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
