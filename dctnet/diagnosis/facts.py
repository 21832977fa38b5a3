"""What is known of a machine and its installation, as data. Nothing here loads TensorFlow or asks a device."""
from typing import Dict, List, NamedTuple, Optional, Tuple

Capability = Tuple[int, int]


class Card(NamedTuple):
    """A GPU. capability: its compute capability, for example (9, 0); None if unknown."""
    name: str
    capability: Optional[Capability]


class Driver(NamedTuple):
    """What nvidia-smi tells. version: '' if it is not there or fails."""
    version: str
    cards: List[Card]
    memory_mb: List[int]


class Installation(NamedTuple):
    """The Python side.

    versions: of each library that imports.
    failures: library -> why it does not.
    distributions: (name, version) of what pip has installed, in lower case with dashes.
    cascades: whether this OpenCV has its detectors.
    """
    python: str
    versions: Dict[str, str]
    failures: Dict[str, str]
    distributions: List[Tuple[str, str]]
    cascades: bool


class Runtime(NamedTuple):
    """What TensorFlow tells.

    cuda_build: whether it has code for GPUs.
    cuda, cudnn: versions that it was built for, '' if unknown.
    code: compute capabilities with code ('sm_80'; 'compute_90' is compiled at first use); empty if unknown.
    cards: that it can use.
    card_error: why it could not ask the cards; '' if it could.
    tf32: True if one of the cards computes float32 in TF32.
    onednn: 'on', 'off' or 'none'.
    """
    cuda_build: bool
    cuda: str
    cudnn: str
    code: List[str]
    cards: List[Card]
    card_error: str
    tf32: bool
    onednn: str


class Numbers(NamedTuple):
    """How far a step on the device is from float64: name of a phase -> relative difference of its loss; name of a
    phase -> the largest of its variables' gradients."""
    losses: Dict[str, float]
    gradients: Dict[str, float]


class Speed(NamedTuple):
    """A preset's step as it was timed, and the training that the preset describes.

    size, batch: pixels and pictures of the timed step.
    seconds: of a step.
    steps, preset_size, preset_batch: of the preset.
    """
    preset: str
    size: int
    batch: int
    seconds: float
    steps: int
    preset_size: int
    preset_batch: int


class Finding(NamedTuple):
    """Something to know, or to put right: what, where, what to do. wrong: training would fail or be wrong."""
    wrong: bool
    what: str
    where: str
    remedy: str
