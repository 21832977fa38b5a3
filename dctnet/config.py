"""The options of a training run, with the numbers of docs/recipe.md as defaults. Read from YAML by config_file.load."""
from dataclasses import dataclass, field, replace
from typing import Any, Tuple, TypeVar, Union

Config = TypeVar('Config', bound='StageConfig')


def _option(default: Any, choices: Tuple[str, ...] = (), low: Any = None, high: Any = None,
            or_file: str = '', or_count: bool = False) -> Any:
    """A field of a config.

    default: its value if the config does not set it; its type is that of the field.
    choices: the only values allowed.
    low, high: range of a number, both included; high None for no upper limit.
    or_file: ending of file names that are allowed besides the choices.
    or_count: whole numbers from 0 are allowed besides the choices.
    """
    metadata: dict = {'or_file': or_file, 'or_count': or_count}
    if choices:
        metadata['choices'] = choices
    if low is not None:
        metadata['range'] = (low, high)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class DataConfig:
    """Where the images are and how they are read."""
    photo: str = ''                             # folder of aligned photographs
    style: str = ''                             # folder of style exemplars
    size: int = _option(256, low=16, high=1024)  # side of the square training images, a multiple of 16
    batch_size: int = _option(16, low=1)
    flip: bool = True                           # mirror half of the images, each domain on its own
    geometry: str = _option('off', choices=('off', 'official', 'paper'))  # also scale and rotation
    workers: int = _option(2, low=1)            # images decoded at the same time
    # Folder that keeps decoded images and, without geometry, targets of the content loss; none: off. At 256 px
    # 0.2 MB an image, and 2.1 MB (VGG19) for each of: photograph, its superpixels, both mirrored.
    cache: str = ''

    def __post_init__(self) -> None:
        if self.size % 16:
            raise ValueError(f'data.size must be a multiple of 16, not {self.size}')


@dataclass(frozen=True)
class TtnDataConfig(DataConfig):
    """Also generated style images and the check of the folders."""
    generated: str = ''                         # folder or keep-list of samples in the style of the exemplars
    exemplar_share: float = _option(0.5, low=0.0, high=1.0)  # of real exemplars among the style images of a batch
    check_folders: bool = True                  # refuse folders that look swapped


@dataclass(frozen=True)
class TtnModelConfig:
    """Widths of the networks."""
    channels: int = _option(32, low=1)          # of the first layer, in the U-Net and both discriminators


@dataclass(frozen=True)
class TtnLossConfig:
    """Weights of the terms (docs/recipe.md, "TTN"): the loss of G is style * (texture * L_texture
    + surface * L_surface) + content * L_content + tv * L_tv + facial * L_facial."""
    style: float = _option(0.1, low=0.0)
    texture: float = _option(1.0, low=0.0)
    surface: float = _option(1.0, low=0.0)
    content: float = _option(200.0, low=0.0)
    tv: float = _option(1e4, low=0.0)
    facial: float = _option(0.0, low=0.0)       # openness of eyes and mouth, for strongly exaggerated styles
    # Side in pixels of the images that the weights of content and tv are meant for: both losses are divided by the
    # number of pixels, so at another data.size the weights are scaled with it. 0: the weights as they are.
    reference_size: int = _option(0, low=0)
    adversarial: str = _option('lsgan', choices=('lsgan', 'log'))
    # How strong the discriminators are: the number of sizes, each half of the one before, at which they see a picture,
    # and the factor of their marks, which spectral norm keeps small.
    scales: int = _option(1, low=1, high=3)
    gain: float = _option(1.0, low=0.001)
    # A pretrained network, or a frozen graph image:0 -> features:0.
    content_network: str = _option('vgg19', choices=('vgg19', 'dlib', 'random'), or_file='.pb')
    superpixel: str = _option('output', choices=('output', 'photo', 'off'))
    # cpu: scikit-image, on the host. graph: the same method by tensor operations, on the device.
    superpixel_backend: str = _option('cpu', choices=('cpu', 'graph'))


@dataclass(frozen=True)
class StartConfig:
    """The first steps of a training, three parts one after the other (docs/training.md, "The start"). They count among
    train.steps. auto: by what the start holds, see training.start."""
    pixel: int = _option(0, low=0)              # from scratch only: pixel L1 of the raw U-Net output to the photograph
    discriminator: Union[int, str] = _option('auto', choices=('auto',), or_count=True)  # D alone, G is not updated
    ramp: Union[int, str] = _option('auto', choices=('auto',), or_count=True)  # style and facial come in linearly
    fresh_optimiser: bool = False               # leave Adam's moments of the start aside


@dataclass(frozen=True)
class CcnModelConfig:
    """Sizes of StyleGAN2: channel_multiplier * 16384 / resolution feature maps, at most max_channels."""
    channel_multiplier: float = _option(2.0, low=0.001)
    max_channels: int = _option(512, low=1)
    style_dim: int = _option(512, low=1)
    mapping_layers: int = _option(8, low=1)


@dataclass(frozen=True)
class CcnLossConfig:
    """Weights of the terms (docs/recipe.md, "CCN"): the loss of G is softplus(-D) + identity * (1 - cos of the
    embeddings)."""
    identity: float = _option(0.1, low=0.0)     # needs a source generator
    # auto: ArcFace if it is there, else dlib. FILE.pb: image:0 -> features:0.
    identity_network: str = _option('auto', choices=('auto', 'arcface', 'dlib'), or_file='.pb')
    r1: float = _option(10.0, low=0.0)          # half of it weighs the penalty, every r1_every steps
    r1_every: int = _option(16, low=1)
    path: float = _option(2.0, low=0.0)
    path_every: int = _option(4, low=1)
    path_decay: float = _option(0.01, low=0.0, high=1.0)
    mixing: float = _option(0.9, low=0.0, high=1.0)  # share of the steps that mix the styles of two latents


@dataclass(frozen=True)
class AugmentConfig:
    """Augmentation of what the discriminator sees, against overfitting to few exemplars (ADA)."""
    mode: str = _option('off', choices=('off', 'fixed', 'adaptive'))
    p: float = _option(0.0, low=0.0, high=1.0)  # probability of each transform; adaptive: at the start
    target: float = _option(0.6, low=-1.0, high=1.0)  # mean sign of D on real images that p is adapted to
    length: int = _option(500000, low=1)        # images in which p can move from 0 to 1

    def __post_init__(self) -> None:
        if self.mode == 'fixed' and not self.p:
            raise ValueError('augment.mode is fixed and augment.p is 0, which augments nothing: set augment.p, or '
                             'augment.mode=adaptive')


@dataclass(frozen=True)
class CcnOptimConfig:
    """Adam of both networks, before the scaling for lazy regularisation."""
    lr: float = _option(2e-3, low=0.0)
    beta1: float = _option(0.0, low=0.0, high=0.9999999)
    beta2: float = _option(0.99, low=0.0, high=0.9999999)
    ema_decay: float = _option(0.5 ** (32 / 10000.0), low=0.0, high=1.0)  # of the generator's moving average, a step


@dataclass(frozen=True)
class TtnOptimConfig:
    """Adam of all networks, and what short trainings add to it."""
    lr: float = _option(2e-4, low=0.0)
    beta1: float = _option(0.5, low=0.0, high=0.9999999)
    beta2: float = _option(0.99, low=0.0, high=0.9999999)
    discriminator_lr: float = _option(0.0, low=0.0)  # of both discriminators; 0: as lr
    decay: str = _option('off', choices=('off', 'linear', 'cosine'))  # of the learning rates over the last part
    decay_share: float = _option(0.33, low=0.0, high=1.0)  # of train.steps, that part
    decay_to: float = _option(0.1, low=0.0, high=1.0)  # factor of the learning rates at the end
    # Moving average of the generator, which is then sampled, measured and exported; 0: off. Its decay a step.
    ema_decay: float = _option(0.0, low=0.0, high=0.9999999)


@dataclass(frozen=True)
class EvaluateConfig:
    """Measurements on photographs that the training does not see; off if `every` is 0."""
    every: int = _option(0, low=0)              # steps from one to the next, and at the end
    photo: str = ''                             # folder of aligned photographs, some dozens
    # Of KID and FD. FILE.pb: image:0 -> features:0.
    features: str = _option('dlib', choices=('dlib', 'inception'), or_file='.pb')
    # auto: ArcFace if it is there, else dlib. FILE.pb: image:0 -> features:0.
    identity_network: str = _option('auto', choices=('auto', 'arcface', 'dlib'), or_file='.pb')
    # What chooses the checkpoint that is kept in RUN/best: id and edges, higher is better; the others, lower.
    best: str = _option('style', choices=('style', 'kid', 'fd', 'colour', 'id', 'edges'))


@dataclass(frozen=True)
class TrainConfig:
    """Length, seed, how often records are written (in steps; sample_every 0 turns samples off), and the device."""
    steps: int = _option(300000, low=0, high=10 ** 9)
    seed: int = _option(0, low=0, high=2 ** 31 - 1)
    log_every: int = _option(50, low=1)
    sample_every: int = _option(500, low=0)
    save_every: int = _option(1000, low=1)
    keep: int = _option(5, low=1)               # newest checkpoints that are kept
    device: str = _option('auto', choices=('auto', 'cpu', 'gpu'))
    # Several processes multiply optim.lr by 1, by their number, or by its square root.
    lr_scaling: str = _option('off', choices=('off', 'linear', 'sqrt'))
    # Batches that a process takes one after the other in a step, for one update with the mean of their gradients.
    accumulate: int = _option(1, low=1, high=10 ** 6)
    # What convolutions and matrix products are computed in. The weights stay float32. float16: GPUs; bfloat16: CPUs.
    precision: str = _option('float32', choices=('float32', 'float16', 'bfloat16'))
    xla: bool = False                           # compile parts of the graph


@dataclass(frozen=True)
class TtnTrainConfig(TrainConfig):
    """Also the order of the updates of a step."""
    # joint: one forward pass of the generator serves both. sequential: G, then D on a fresh one, as published.
    schedule: str = _option('joint', choices=('joint', 'sequential'))


@dataclass(frozen=True)
class StageConfig:
    """The keys that both stages have."""
    data: DataConfig = DataConfig()
    model: Any = None
    loss: Any = None
    optim: Any = None                           # Adam's numbers: lr, beta1, beta2
    train: TrainConfig = TrainConfig()
    init_from: str = ''                         # run folder, checkpoint, .npz or .pb that a fine-tune starts from

    def continued(self: Config, saved: Config) -> Config:
        """The config of a resumed training. saved: as it was recorded."""
        return replace(self, init_from=self.init_from or saved.init_from)


@dataclass(frozen=True)
class CcnConfig(StageConfig):
    """Everything that `train.py ccn` needs. init_from: weights to start from instead of the source's."""
    model: CcnModelConfig = CcnModelConfig()
    loss: CcnLossConfig = CcnLossConfig()
    augment: AugmentConfig = AugmentConfig()
    optim: CcnOptimConfig = CcnOptimConfig()
    source: str = ''                            # run, checkpoint or .npz of the source generator; none: train one

    def __post_init__(self) -> None:
        unused = 'photo' if self.source else 'style'
        if getattr(self.data, unused):
            raise ValueError(f'data.{unused} is not used {"with" if self.source else "without"} a source: '
                             + ('a target is calibrated to data.style' if self.source else
                                'a source is trained on data.photo; set source to calibrate one to data.style')
                             + f'; leave data.{unused} out')


@dataclass(frozen=True)
class TtnConfig(StageConfig):
    """Everything that `train.py ttn` needs."""
    data: TtnDataConfig = TtnDataConfig()
    model: TtnModelConfig = TtnModelConfig()
    loss: TtnLossConfig = TtnLossConfig()
    optim: TtnOptimConfig = TtnOptimConfig()
    train: TtnTrainConfig = TtnTrainConfig()
    start: StartConfig = StartConfig()
    evaluate: EvaluateConfig = EvaluateConfig()

    def continued(self, saved: 'TtnConfig') -> 'TtnConfig':
        """As in StageConfig; what was decided at the start of the training stays so. A run that has no such parts
        recorded had none."""
        decided: dict = {key: getattr(saved.start, key) if getattr(saved.start, key) != 'auto' else 0
                         for key in ('discriminator', 'ramp') if getattr(self.start, key) == 'auto'}
        if saved.init_from:
            decided['pixel'] = saved.start.pixel
        return replace(self, init_from=self.init_from or saved.init_from, start=replace(self.start, **decided))
