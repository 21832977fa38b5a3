"""What an export may write: formats, precisions, the names of the files.

Needs neither TensorFlow nor the packages of a format, so that mistakes are told at once.
"""
from importlib import import_module
from importlib.util import find_spec
from typing import List, Optional, Sequence

from dctnet.errors import UserError

PB, MODELSCOPE, ONNX, TFLITE, SAVED_MODEL = 'pb', 'modelscope', 'onnx', 'tflite', 'saved_model'
FORMATS = (PB, ONNX, TFLITE, SAVED_MODEL, MODELSCOPE)
FLOAT32, FLOAT16, INT8 = 'float32', 'float16', 'int8'
PRECISIONS = (FLOAT32, FLOAT16, INT8)
IN_PRECISIONS = (ONNX, TFLITE)  # the others are float32
SIDE_MULTIPLE = 4  # height and width of a translator's input
_PACKAGES = {ONNX: ('tf2onnx', 'onnx', 'onnxruntime')}
_TRIED = {ONNX: ('onnx', 'onnxruntime')}  # those that load without TensorFlow


def check(formats: Sequence[str], precisions: Sequence[str], size: Optional[Sequence[int]] = None) -> None:
    """Raise UserError if a package of a format is missing or does not load, or if a precision or a size suits none of
    the formats."""
    for name in formats:
        advice = f"install the extra '{name}' (pip install '.[{name}]' in the project's folder, or make setup)"
        missing = [package for package in _PACKAGES.get(name, ()) if find_spec(package) is None]
        if missing:
            raise UserError(f"format {name} needs {', '.join(missing)}, which this Python lacks: {advice}")
        for package in _TRIED.get(name, ()):
            _try_to_load(package, f'format {name}', advice)
    if list(precisions) != [FLOAT32] and not set(formats) & set(IN_PRECISIONS):
        raise UserError(f"{', '.join(formats)} is float32 always: leave --precision out, or add one of the formats "
                        f"{', '.join(IN_PRECISIONS)}")
    if size and (TFLITE not in formats or min(size) < 1 or any(side % SIDE_MULTIPLE for side in size)):
        raise UserError(f'--size {size[0]} {size[1]}: for --format {TFLITE}, in multiples of {SIDE_MULTIPLE}')


def _try_to_load(package: str, purpose: str, advice: str) -> None:
    try:
        import_module(package)
    except Exception as error:  # whatever versions that do not go together raise
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise UserError(f'{purpose} needs {package}, and the one that is installed does not load beside the other '
                        f'packages ({reason}): {advice}, which brings versions that go together') from error


def file_name(stem: str, kind: str, precision: str = FLOAT32) -> str:
    """cartoon.onnx, cartoon-float16.onnx, cartoon_saved_model ..."""
    if kind == SAVED_MODEL:
        return f'{stem}_{kind}'
    return f'{stem}.{kind}' if precision == FLOAT32 else f'{stem}-{precision}.{kind}'


def file_names(stem: str, formats: Sequence[str], precisions: Sequence[str]) -> List[str]:
    """Names of all that a translator's export writes but a model folder's files: models, cards, programs."""
    models = [file_name(stem, kind, precision) for kind in IN_PRECISIONS if kind in formats for precision in precisions]
    models += [file_name(stem, SAVED_MODEL)] if SAVED_MODEL in formats else []
    return [model + suffix for model in models for suffix in ('', '.json', '.py')]
