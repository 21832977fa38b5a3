"""One step of the texture discriminator of the TTN under rewrites of its graph.

python -m tests.training.rewritten_step float32|float16|bfloat16|xla FILE.npz: in a process of its own, because
TensorFlow reads its flags once. float16 is computed on the CPU, which no training does: TensorFlow 2.15 has it for
tests of the rewrite.
"""
import os
import sys
from pathlib import Path
from typing import Dict

import numpy as np

from dctnet import compat, process
from dctnet.compat import session_config, tf
from dctnet.distributed import Local
from dctnet.engine.updates import build_updates
from dctnet.losses import adversarial_loss
from dctnet.models.ttn_losses import colour_shift, texture
from dctnet.nets.discriminators import PatchDiscriminator
from dctnet.stage import Optim, Phase, StageGraph
from dctnet.training.precision import COMPILED, convolutions_in, nodes_of


def one_step(precision: str = 'float32', xla: bool = False) -> Dict[str, np.ndarray]:
    """All variables after the step by name; the 'loss' before it; of the executed graph the number of 'convolutions' in
    that precision, and of parts that XLA has 'compiled'."""
    rng = np.random.RandomState(0)
    with tf.Graph().as_default(), tf.Session(
            config=session_config('cpu', training=True, precision=precision, xla=xla)) as session:
        tf.set_random_seed(0)
        real, fake = [tf.get_variable(name, initializer=rng.uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32),
                                      trainable=False) for name in ('real', 'fake')]
        net = PatchDiscriminator('disc_gray', in_channels=1, channels=4)
        shift = colour_shift(0, tf.train.get_or_create_global_step())
        loss = adversarial_loss('lsgan').discriminator(net(texture(real, shift)), net(texture(fake, shift)))
        phase = Phase('d', loss, {}, net.variables, 1, Optim(2e-4, 0.5, 0.99))
        updates = build_updates(StageGraph([phase], None, True), Local(), loss_scaling=precision == 'float16')
        update = updates[('d',)]['d']
        session.run(tf.global_variables_initializer())
        found = {}

        def run(options: tf.RunOptions, metadata: tf.RunMetadata) -> None:
            found['loss'] = session.run([loss, update.apply], options=options, run_metadata=metadata)[0]

        nodes = nodes_of(run)
        found.update(session.run({variable.op.name: variable for variable in tf.global_variables()}))
    return dict(found, convolutions=np.array(len(convolutions_in(nodes, precision))),
                compiled=np.array(sum(node.op in COMPILED for node in nodes)))


if __name__ == '__main__':
    kind = sys.argv[1]
    process.prepare()
    compat.graph_mode()
    if kind == 'xla':
        process.compile_for_cpus_too()
    if kind == 'float16':
        os.environ['TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_EMULATE_FP16'] = 'false'
        compat.PRECISION_REWRITES['float16'] = 'auto_mixed_precision_cpu'
    np.savez(str(Path(sys.argv[2])), **one_step(**{'xla': True} if kind == 'xla' else {'precision': kind}))
