"""python -m tests.frozen_graphs: write the translator of one channel as this runtime freezes it, beside this file.

Both runtimes' files are kept, so that each is tested on what the other one has frozen. expected.npz is written by 1.15.
"""
from pathlib import Path

import numpy as np

from dctnet import frozen
from dctnet.compat import TENSORFLOW_VERSION
from dctnet.exporters.translator import translator_graph
from dctnet.nets import unet
from tests.parity.drawn import ttn_weight

HERE = Path(__file__).parent


def weights(channels: int = 1) -> dict:
    """Generator weights drawn from their names, the same everywhere."""
    from dctnet.compat import tf
    with tf.Graph().as_default():
        unet.unet(tf.zeros([1, 8, 8, 3]), channels)
        return {v.op.name: ttn_weight(v.op.name, tuple(v.shape.as_list()), '') for v in unet.variables()}


def main() -> None:
    """Freeze, and keep the answer to one picture."""
    name = 'tf115' if TENSORFLOW_VERSION.startswith('1.') else 'tf2'
    graph_def = translator_graph(weights(), 'drawn weights')
    frozen.write_graph(graph_def, HERE / (name + '.pb'))
    if name == 'tf115':
        picture = np.random.RandomState(0).randint(0, 256, (12, 16, 3)).astype(np.uint8)
        output = frozen.FrozenGraph(graph_def, device='cpu')(picture.astype(np.float32))
        np.savez_compressed(str(HERE / 'expected.npz'), picture=picture, output=output)


if __name__ == '__main__':
    main()
