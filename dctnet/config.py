"""The options of a training run, with the numbers of RECIPE.md as defaults. Read from YAML by config_file.load."""
from dataclasses import dataclass, field
from typing import Any, Tuple


def _option(default: Any, choices: Tuple[str, ...] = (), low: Any = None, high: Any = None) -> Any:
    metadata = {}  # type: dict
    if choices:
        metadata['choices'] = choices
    if low is not None:
        metadata['range'] = (low, high)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class DataConfig:
    """Where the pictures are and how they are fed."""
    photo: str = ''                             # folder of aligned photographs
    style: str = ''                             # folder of style exemplars (+ generated samples)
    size: int = _option(256, low=16, high=1024)  # side of the square training pictures, a multiple of 16
    batch_size: int = _option(16, low=1)
    flip: bool = True                           # mirror half of the pictures, each domain on its own
    workers: int = _option(2, low=1)            # pictures decoded at the same time
    check_folders: bool = True                  # refuse folders that look swapped

    def __post_init__(self) -> None:
        if self.size % 16:
            raise ValueError('data.size must be a multiple of 16, not {}'.format(self.size))


@dataclass(frozen=True)
class ModelConfig:
    """Widths of the networks."""
    channels: int = _option(32, low=1)          # of the first layer, in the U-Net and both discriminators


@dataclass(frozen=True)
class TtnLossConfig:
    """Weights of the terms: the loss of G is style * (texture * L_texture + surface * L_surface)
    + content * L_content + tv * L_tv."""
    style: float = _option(0.1, low=0.0)
    texture: float = _option(1.0, low=0.0)
    surface: float = _option(1.0, low=0.0)
    content: float = _option(200.0, low=0.0)
    tv: float = _option(1e4, low=0.0)
    adversarial: str = _option('lsgan', choices=('lsgan', 'log'))
    content_network: str = _option('vgg19', choices=('vgg19', 'dlib', 'random'))
    superpixel: str = _option('output', choices=('output', 'photo', 'off'))
    # From scratch, style is held back while the content loss teaches the identity: (until step, factor) pairs.
    style_warmup: Tuple[Tuple[float, float], ...] = ((100, 0.0), (500, 0.01), (1000, 0.1))

    def __post_init__(self) -> None:
        steps = [step for step, _ in self.style_warmup]
        if steps != sorted(set(steps)):
            raise ValueError('loss.style_warmup: the steps must rise: {}'.format(list(self.style_warmup)))


@dataclass(frozen=True)
class OptimConfig:
    """Adam, the same for both phases."""
    lr: float = _option(2e-4, low=0.0)
    beta1: float = _option(0.5, low=0.0, high=0.9999999)
    beta2: float = _option(0.99, low=0.0, high=0.9999999)


@dataclass(frozen=True)
class TrainConfig:
    """Length, seed and what is written when (in steps; 0 turns samples off)."""
    steps: int = _option(300000, low=0, high=10 ** 9)
    seed: int = _option(0, low=0, high=2 ** 31 - 1)
    schedule: str = _option('joint', choices=('joint', 'sequential'))
    log_every: int = _option(50, low=1)
    sample_every: int = _option(500, low=0)
    save_every: int = _option(1000, low=1)
    keep: int = _option(5, low=1)               # newest checkpoints that are kept
    device: str = _option('auto', choices=('auto', 'cpu', 'gpu'))


@dataclass(frozen=True)
class TtnConfig:
    """Everything that `train.py ttn` needs."""
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    loss: TtnLossConfig = TtnLossConfig()
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()
    init_from: str = ''                         # checkpoint, run folder, .pb or .npz that a fine-tune starts from
