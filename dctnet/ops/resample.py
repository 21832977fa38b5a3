"""Changes of resolution."""
from dctnet.compat import tf


def upsample_bilinear(x: 'tf.Tensor') -> 'tf.Tensor':
    """Twice the height and width, [N, H, W, C] -> [N, 2H, 2W, C].

    TensorFlow's legacy bilinear kernel (no align_corners, no half pixels): output 2i is input i exactly, output 2i+1
    the mean of inputs i and i+1, the last one repeated. Released weights rely on it (RECIPE.md, TTN).
    """
    size = tf.shape(x)[1:3] * 2
    return tf.image.resize_bilinear(x, size, align_corners=False, half_pixel_centers=False)
