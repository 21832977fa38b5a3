"""DCT-Net portrait stylization in graph-mode TensorFlow 1.x (also on 2.x through tf.compat.v1)."""

__version__ = '0.1.0'
