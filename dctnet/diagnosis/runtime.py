"""What TensorFlow tells of itself and of the cards."""
import re
from typing import List, Sequence, Tuple

from dctnet import compat
from dctnet.compat import tf
from dctnet.config import TrainConfig
from dctnet.diagnosis.facts import Card, Runtime
from dctnet.diagnosis.installation import capability
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.training.precision import check_precision

_REBUILT = 'nvidia-tensorflow'  # 1.15 for newer cards; it does not tell for which CUDA
_FIRST_WITH_TF32 = (8, 0)


def runtime(device: str, distributions: Sequence[Tuple[str, str]]) -> Runtime:
    """Ask TensorFlow. device: as for compat.session_config. distributions: what pip has installed."""
    build = compat.build_info()
    cards, error = _cards(device)
    known = not any(name == _REBUILT for name, _ in distributions)
    tf32 = compat.tf32() and any((card.capability or (0, 0)) >= _FIRST_WITH_TF32 for card in cards)
    return Runtime(bool(build.get('is_cuda_build')), build.get('cuda_version', '') if known else '',
                   build.get('cudnn_version', '') if known else '', list(build.get('cuda_compute_capabilities', [])),
                   cards, error, tf32, compat.onednn())


def half_precisions(device: str) -> List[str]:
    """The values of train.precision beside float32 that take effect on the device. It runs small graphs."""
    usable = []
    for precision in ('float16', 'bfloat16'):
        try:
            check_precision(TrainConfig(precision=precision, device=device), Local())
            usable.append(precision)
        except (UserError, tf.errors.OpError):
            pass
    return usable


def _cards(device: str) -> Tuple[List[Card], str]:
    """The cards that TensorFlow can use, and why it could not ask."""
    try:
        return [described_card(text) for text in compat.gpu_descriptions(device)], ''
    except (tf.errors.OpError, RuntimeError) as error:
        return [], str(error).strip().split('\n')[0]


def described_card(text: str) -> Card:
    """A card from TensorFlow's `device: 0, name: NAME, pci bus id: ..., compute capability: 9.0`."""
    name = re.search(r'name: ([^,]*)', text)
    found = re.search(r'compute capability: ([\d.]+)', text)
    return Card(name.group(1) if name else text, capability(found.group(1)) if found else None)
