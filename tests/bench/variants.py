"""The trainers that are compared, by name."""
from typing import Union

from dctnet.compat import session_config
from dctnet.nets import vgg19
from tests.bench.baseline import BaselineTrainer
from tests.bench.batch import training_batch
from tests.bench.calibration import CalibrationStep
from tests.bench.ours import OurTrainer

CHANNELS = 32
NAMES = ('baseline', 'joint', 'sequential')
OPTIONS = {'xla': {'xla': True}, 'bfloat16': {'precision': 'bfloat16'}}  # of a joint step, by their name


def make_trainer(name: str, size: int, count: int) -> Union[BaselineTrainer, OurTrainer, CalibrationStep]:
    """A trainer of full-size networks on `count` pictures of `size` pixels, with random VGG19 weights; or the content
    calibration ('calibration'); or the joint trainer with one of OPTIONS."""
    if name == 'calibration':
        return CalibrationStep(size, count)
    options = OPTIONS.get(name, {})
    session_config(**options)  # before any session, which would settle that XLA leaves the CPU alone
    batch = training_batch(size, count)
    content_network = vgg19.freeze_graph(vgg19.random_weights(seed=0))
    if name == 'baseline':
        return BaselineTrainer(batch, content_network, CHANNELS)
    return OurTrainer(batch, content_network, CHANNELS, schedule='joint' if name in OPTIONS else name, **options)
