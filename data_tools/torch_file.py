"""Arrays out of PyTorch files (.pt, .pth). PyTorch itself reads them and is needed for nothing else here."""
from pathlib import Path
from typing import Any, Dict

import numpy as np

from dctnet.errors import UserError


def read_states(path: Path) -> Dict[str, Any]:
    """A file of nested dictionaries with tensors, as nested dictionaries with float32 arrays; all else is left out.

    The pickle inside may name nothing but tensors (weights_only). Raises UserError where PyTorch is not installed, or
    where the file is missing, damaged or holds something else.
    """
    try:
        import torch
    except ImportError:
        raise UserError(f'reading {path} needs PyTorch 1.13 or later, which is not installed: run "pip install torch" '
                        'in this environment, or import on another machine') from None
    try:
        content = torch.load(str(path), map_location='cpu', weights_only=True)
    except FileNotFoundError:
        raise UserError(f'weights {path} do not exist: check the path') from None
    except Exception as error:  # torch signals damage, refused names and other formats by many exceptions
        raise UserError(f"{path} is not a PyTorch file of plain tensors ({' '.join(str(error).split())[:200]}): fetch "
                        'it from its original source; nothing of it was executed') from error
    if not isinstance(content, dict):
        raise UserError(f'{path} holds no dictionary of tensors')
    return _arrays(content)


def _arrays(value: Dict[str, Any]) -> Dict[str, Any]:
    result: Dict[str, Any] = {}
    for name, entry in value.items():
        if isinstance(entry, dict):
            result[str(name)] = _arrays(entry)
        elif hasattr(entry, 'detach'):
            result[str(name)] = np.asarray(entry.detach().cpu().float().numpy(), np.float32)
    return result
