"""The only importer of TensorFlow: the alias `tf`, tf-slim, graph-mode switches and session options.

Both runtimes (1.15 and 2.x through tf.compat.v1) meet here; no other module tests a version.
"""
import logging
import os
import warnings

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')  # the runtime's own chatter; errors still show

with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # 1.15 warns about numpy type aliases on import
    import tensorflow.compat.v1 as tf
    import tf_slim as slim
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

# tf-slim's layers meet Keras' own deprecation of a method; nothing that a user could act on.
warnings.filterwarnings('ignore', message='`layer.apply` is deprecated')

tf.logging.set_verbosity(tf.logging.ERROR)
logging.getLogger('tensorflow').setLevel(logging.ERROR)
tf.disable_v2_behavior()
# Reads of a resource variable are snapshots: with one forward pass serving two updates, neither update may show in
# the other's gradients, which reference variables would not promise.
tf.enable_resource_variables()

TENSORFLOW_VERSION = tf.__version__

__all__ = ['tf', 'slim', 'session_config', 'TENSORFLOW_VERSION']


def session_config(device: str = 'auto', threads: int = 0, training: bool = False) -> 'tf.ConfigProto':
    """Options of a session.

    device: 'auto' (a GPU where there is one), 'cpu' (no GPU is touched) or 'gpu' (same as auto; callers that must
        have one ask `gpu_available` first).
    threads: size of the pool inside one operation; 0 leaves it to TensorFlow.
    training: leave out the fusion of layers, which is for inference and fails noisily on training graphs in 2.15.
    """
    config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=threads)
    config.gpu_options.allow_growth = True
    if training:
        config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
    if device == 'cpu':
        config.device_count['GPU'] = 0
    return config


def gpu_available() -> bool:
    """True where TensorFlow can place operations on a GPU. Initialises the GPU: not for CPU-only work."""
    return bool(tf.test.gpu_device_name())
