"""The only importer of TensorFlow: the alias `tf`, tf-slim, graph-mode switches and session options.

Both runtimes (1.15 and 2.x through tf.compat.v1) meet here; no other module tests a version.
"""
from __future__ import annotations

import logging
import os
import warnings
from typing import ContextManager, List, Sequence

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')  # the runtime's own chatter; errors still show

with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # 1.15 warns about numpy type aliases on import
    import tensorflow.compat.v1 as tf
    import tf_slim as slim
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig
    from tensorflow.python.ops import collective_ops  # of no public module in either runtime

# tf-slim's layers meet Keras' own deprecation of a method; nothing that a user could act on.
warnings.filterwarnings('ignore', message='`layer.apply` is deprecated')

tf.logging.set_verbosity(tf.logging.ERROR)
logging.getLogger('tensorflow').setLevel(logging.ERROR)
tf.disable_v2_behavior()
# Reads of a resource variable are snapshots: with one forward pass serving two updates, neither update may show in
# the other's gradients, which reference variables would not promise.
tf.enable_resource_variables()

TENSORFLOW_VERSION = tf.__version__

# Fields of RewriterConfig. 1.15 has the first only.
_REWRITES = {'float16': 'auto_mixed_precision', 'bfloat16': 'auto_mixed_precision_onednn_bfloat16'}
_XLA_ON_CPUS = '--tf_xla_cpu_global_jit'  # without it the compiler leaves CPUs alone; read once, by the first session

__all__ = ['tf', 'slim', 'all_reduced', 'gradients', 'left_uncompiled', 'sequence_options', 'session_config', 'untuned',
           'TENSORFLOW_VERSION']


def gradients(loss: tf.Tensor, variables: Sequence[tf.Tensor]) -> List[tf.Tensor]:
    """Gradients of a scalar, summed in one order; None for a variable that it does not depend on.

    TensorFlow's usual sum of three or more terms begins with whichever buffer is free at that moment, so its last bits
    depend on the timing of threads. Sums of pairs do not, and a resumed training repeats an uninterrupted one.
    """
    return tf.gradients(loss, variables, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)


def all_reduced(tensor: tf.Tensor, processes: int, number: int) -> tf.Tensor:
    """The sum of a tensor over the processes of a cluster; each gives the sum the same number, used for no other."""
    return collective_ops.all_reduce(tensor, processes, 1, number, 'Add', 'Id')


def sequence_options(sequence: int) -> tf.RunOptions:
    """Options of a run with sums over the processes of a cluster: the runs of a sequence (any number but 0) are counted
    as one, so the n-th of one process meets the n-th of the others, whatever stands in each."""
    return tf.RunOptions(experimental=tf.RunOptions.Experimental(collective_graph_key=sequence))


def untuned() -> tf.data.Options:
    """Options of a pipeline whose numbers of threads and of prefetched batches are given. TensorFlow would tune them,
    in a thread that an iterator waits for when it ends: in 2.15 it was seen to wait for ever."""
    options = tf.data.Options()
    if hasattr(options, 'autotune'):
        options.autotune.enabled = False
    else:  # 1.15
        options.experimental_optimization.autotune = False
    return options


def left_uncompiled() -> ContextManager[None]:
    """A scope of operations that XLA leaves alone: the random numbers that it draws are others."""
    return tf.xla.experimental.jit_scope(compile_ops=False)


def session_config(device: str = 'auto', threads: int = 0, training: bool = False, precision: str = 'float32',
                   xla: bool = False) -> tf.ConfigProto:
    """Options of a session.

    device: 'auto' (a GPU where there is one), 'cpu' (no GPU is touched) or 'gpu' (same as auto; callers that must
        have one ask `gpu_available` first).
    threads: size of the pool inside one operation; 0 leaves it to TensorFlow.
    training: leave out the fusion of layers, which is for inference and fails noisily on training graphs in 2.15, and
        the rewriting of sums, which would undo the fixed order of `gradients`.
    precision: 'float16' (GPUs) or 'bfloat16' (CPUs, 2.15) let TensorFlow compute convolutions and matrix products in
        it. xla: let it compile parts of the graph, on CPUs where this is said before the first session of the process
        runs. What a runtime or a device cannot do is silently not done: see dctnet.training.precision.
    """
    config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=threads)
    config.gpu_options.allow_growth = True
    if training:
        config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
        config.graph_options.rewrite_options.arithmetic_optimization = RewriterConfig.OFF
    if device == 'cpu':
        config.device_count['GPU'] = 0
    if precision in _REWRITES and hasattr(config.graph_options.rewrite_options, _REWRITES[precision]):
        setattr(config.graph_options.rewrite_options, _REWRITES[precision], RewriterConfig.ON)
    if xla:
        config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
        flags = os.environ.get('TF_XLA_FLAGS', '')
        if _XLA_ON_CPUS not in flags:
            os.environ['TF_XLA_FLAGS'] = (flags + ' ' + _XLA_ON_CPUS).strip()
    return config


def gpu_available() -> bool:
    """True where TensorFlow can place operations on a GPU. Initialises the GPU: not for CPU-only work."""
    return bool(tf.test.gpu_device_name())


def gpu_present(device: str) -> bool:
    """True where a session of that device (as for `session_config`) meets a GPU. Touches none."""
    return device != 'cpu' and bool(tf.config.experimental.list_physical_devices('GPU'))
