"""The only importer of TensorFlow: the alias `tf`, tf-slim, graph mode and session options.

The differences between the runtimes (1.15, and 2.x through tf.compat.v1) are handled here; no other module tests a
version. Importing it changes nothing in TensorFlow: a program may use frozen graphs beside its own Keras models.
Commands choose `graph_mode` for their process.
"""
from __future__ import annotations

import os
import warnings
from typing import Any, ContextManager, Dict, List, Optional, Sequence

with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # 1.15 warns about numpy type aliases on import
    import tensorflow.compat.v1 as tf
    import tf_slim as slim
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig
    # Not public in either runtime:
    from tensorflow.python.client import device_lib
    from tensorflow.python.ops import collective_ops

TENSORFLOW_VERSION: str = tf.__version__

# Fields of RewriterConfig. 1.15 has the first only.
PRECISION_REWRITES = {'float16': 'auto_mixed_precision', 'bfloat16': 'auto_mixed_precision_onednn_bfloat16'}

__all__ = ['tf', 'slim', 'all_reduce', 'build_info', 'collective_run_options', 'gpu_descriptions', 'graph_mode',
           'gpu_available', 'gpu_present', 'gradients', 'no_xla_scope', 'onednn', 'peak_gpu_memory', 'reason',
           'session_config',
           'tf32', 'tflite_bytes', 'tflite_has_free_sizes', 'without_autotune', 'TENSORFLOW_VERSION']


def graph_mode() -> None:
    """For a process that only trains or exports: graphs instead of eager execution, and variables whose reads are
    snapshots. If one forward pass serves two updates, neither may show in the other's gradients, which reference
    variables do not guarantee. Call it before the first graph is built."""
    tf.disable_v2_behavior()
    tf.enable_resource_variables()


def gradients(loss: tf.Tensor, variables: Sequence[tf.Tensor]) -> List[Optional[tf.Tensor]]:
    """Gradients of a scalar, summed in one order; None for a variable that it does not depend on.

    TensorFlow's usual sum of three or more terms begins with whichever buffer is free at that moment, so its last bits
    depend on the timing of threads. Sums of pairs do not, and a resumed training repeats an uninterrupted one.
    """
    return tf.gradients(loss, variables, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)


def all_reduce(tensor: tf.Tensor, processes: int, number: int) -> tf.Tensor:
    """The sum of a tensor over the `processes` of a cluster. number: of this sum, the same in all processes and of no
    other sum."""
    return collective_ops.all_reduce(tensor, processes, 1, number, 'Add', 'Id')


def collective_run_options(key: int) -> tf.RunOptions:
    """Options of a run with sums over the processes of a cluster. All runs with the same non-zero key share one
    counter: the n-th run of each process is matched with the n-th of the others, even if their graphs differ."""
    return tf.RunOptions(experimental=tf.RunOptions.Experimental(collective_graph_key=key))


def without_autotune() -> tf.data.Options:
    """Options of a pipeline with fixed numbers of threads and of prefetched batches. TensorFlow would tune them in a
    thread that an iterator waits for when it ends: in 2.15 it sometimes waited forever."""
    options = tf.data.Options()
    if hasattr(options, 'autotune'):
        options.autotune.enabled = False
    else:  # 1.15
        options.experimental_optimization.autotune = False
    return options


def reason(error: Exception) -> str:
    """One line that says why TensorFlow raised this error. 2.x puts the place in a program's source before it."""
    lines = [line.strip() for line in str(getattr(error, 'message', '') or error).splitlines() if line.strip()]
    nodes = [number for number, line in enumerate(lines) if line.startswith('Node: ')]
    after = lines[nodes[-1] + 1:] if nodes and lines[0].startswith('Graph execution error') else lines
    return (after or lines or [type(error).__name__])[0][:300]


def no_xla_scope() -> ContextManager[None]:
    """A scope of operations that XLA does not compile: its random numbers would differ."""
    return tf.xla.experimental.jit_scope(compile_ops=False)


def session_config(device: str = 'auto', threads: int = 0, training: bool = False, precision: str = 'float32',
                   xla: bool = False) -> tf.ConfigProto:
    """Options of a session.

    device: 'auto' (a GPU if there is one), 'cpu' (no GPU is used) or 'gpu' (same as auto; callers that require one
        check `gpu_available` first).
    threads: size of the pool inside one operation; 0 leaves it to TensorFlow.
    training: turn off the fusion of layers, which is for inference and logs errors on training graphs in 2.15, and the
        rewriting of sums, which would undo the fixed order of `gradients`. In 2.x also that of tensors to NCHW, which
        new cards are slower in (an H100: 62.0 ms a step, 52.7 without).
    precision: 'float32'; 'float16' (GPUs) and 'bfloat16' (CPUs, 2.15) let TensorFlow compute convolutions and matrix
        products in it. A runtime or device that cannot do so ignores it silently: see dctnet.training.precision.
    xla: compile parts of the graph; on CPUs only after process.compile_for_cpus_too.
    """
    config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=threads)
    config.gpu_options.allow_growth = True
    if training:
        config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
        config.graph_options.rewrite_options.arithmetic_optimization = RewriterConfig.OFF
        if not TENSORFLOW_VERSION.startswith('1.'):
            config.graph_options.rewrite_options.layout_optimizer = RewriterConfig.OFF
    if device == 'cpu':
        config.device_count['GPU'] = 0
    if precision in PRECISION_REWRITES and hasattr(config.graph_options.rewrite_options, PRECISION_REWRITES[precision]):
        setattr(config.graph_options.rewrite_options, PRECISION_REWRITES[precision], RewriterConfig.ON)
    if xla:
        config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
    return config


def gpu_available() -> bool:
    """True if TensorFlow can place operations on a GPU. Initialises the GPU: not for CPU-only work."""
    return bool(tf.test.gpu_device_name())


def gpu_present(device: str) -> bool:
    """True if a session of that device (as for `session_config`) finds a GPU. Initialises none."""
    return device != 'cpu' and bool(tf.config.experimental.list_physical_devices('GPU'))


def gpu_descriptions(device: str) -> List[str]:
    """What TensorFlow says of each GPU that a session of that device uses: name, memory and compute capability in one
    line. Initialises the GPUs. Raises tf.errors.OpError if driver and libraries do not fit."""
    if device == 'cpu':
        return []
    return [found.physical_device_desc for found in device_lib.list_local_devices(session_config(device))
            if found.device_type == 'GPU']


def peak_gpu_memory() -> Optional[int]:
    """Bytes that sessions held on the first GPU at most since the last call; None if there is none, or if this
    TensorFlow does not tell (before 2.7). Call it after the first session, which decides how memory is allocated."""
    try:
        peak = tf.config.experimental.get_memory_info('GPU:0')['peak']
        tf.config.experimental.reset_memory_stats('GPU:0')
    except (AttributeError, ValueError, RuntimeError, tf.errors.OpError):
        return None
    return int(peak)


def build_info() -> Dict[str, Any]:
    """What TensorFlow was built for: is_cuda_build, and if that is true, as far as it is known, cuda_version,
    cudnn_version and cuda_compute_capabilities ('sm_80' is machine code, 'compute_90' is compiled at first use)."""
    if hasattr(tf.sysconfig, 'get_build_info'):
        return dict(tf.sysconfig.get_build_info())
    return {'is_cuda_build': tf.test.is_built_with_cuda(), 'cuda_version': '10.0', 'cudnn_version': '7'}  # 1.15


def tf32() -> bool:
    """Whether float32 convolutions and products may use TF32, with 10 bits after the point, on cards that have it."""
    enabled = getattr(tf.config.experimental, 'tensor_float_32_execution_enabled', lambda: False)  # 1.15 has none
    return bool(enabled()) and os.environ.get('NVIDIA_TF32_OVERRIDE') != '0'


def onednn() -> str:
    """'on' or 'off', as the environment says; 'none' if this TensorFlow has none."""
    if TENSORFLOW_VERSION.startswith('1.'):
        return 'none'
    return 'off' if os.environ.get('TF_ENABLE_ONEDNN_OPTS') == '0' else 'on'


def tflite_has_free_sizes() -> bool:
    """Whether the converter to TensorFlow Lite takes pictures of unknown height and width."""
    return not TENSORFLOW_VERSION.startswith('1.')


def tflite_bytes(converter: tf.lite.TFLiteConverter) -> bytes:
    """What a converter to TensorFlow Lite makes. Its tables of operations, which it writes past all logging, go
    nowhere; what goes wrong is in the exception."""
    usual = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        return converter.convert()
    finally:
        os.dup2(usual, 2)
        os.close(usual)
        os.close(nowhere)
