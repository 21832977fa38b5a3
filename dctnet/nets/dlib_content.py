"""A content network made of what is installed already: the first two groups of dlib's face descriptor network, and what
these hardly see, fine lightness and hues.

The levels are weighted so that a change costs what it costs in a trained VGG (docs/recipe.md, "Content weights of
different networks"): then loss.content means the same with either.
"""
from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.nets import dlib_descriptor
from dctnet.nets.dlib_file import DescriptorWeights

# Factors of the levels, fitted to a trained VGG16 on 40 photographs at 128 and 256 px and 34 changes of each.
_BLOCKS_32, _BLOCKS_64, _LIGHTNESS = 164.0, 450.0, 1150.0
_HUE_LOCAL, _HUE_BROAD = (1900.0, 8400.0), (820.0, 1200.0)  # red against green, blue against yellow
_LUMA = (0.114, 0.587, 0.299)  # of blue, green, red


def features(image: tf.Tensor, weights: DescriptorWeights) -> tf.Tensor:
    """[N, H, W, 3] BGR in [-1, 1] -> [N, H/8, W/8, 320]; H and W are known multiples of 8.

    Levels: dlib's blocks of 32 channels (1/4 of the size) and of 64 (1/8); lightness against its mean over 3 x 3 px;
    two hues, means of 4 px (1/2) against those of 34 px, and those of 34 px. Pixels of the finer ones become channels.
    """
    _, blocks32, blocks64 = dlib_descriptor.first_levels(image, weights)
    luma = tf.reduce_sum(image * tf.constant(_LUMA), axis=3, keepdims=True)
    blue, green, red = tf.split(image, 3, axis=3)
    hue = _box(tf.concat([red - green, blue - (red + green) / 2], axis=3), 4, stride=2)
    broad = _box(hue, 17)
    return tf.concat([tf.space_to_depth(blocks32 * _BLOCKS_32, 2), blocks64 * _BLOCKS_64,
                      tf.space_to_depth((luma - _box(luma, 3)) * _LIGHTNESS, 8),
                      tf.space_to_depth((hue - broad) * tf.constant(_HUE_LOCAL), 4),
                      tf.space_to_depth(broad * tf.constant(_HUE_BROAD), 4)], axis=3)


def _box(x: tf.Tensor, side: int, stride: int = 1) -> tf.Tensor:
    """Means of side x side pixels, at the border of those that are there."""
    return tf.nn.avg_pool(x, [1, side, side, 1], [1, stride, stride, 1], 'SAME')


def freeze_graph(weights: DescriptorWeights, height: int, width: int) -> tf.GraphDef:
    """The content network for images of this size as a frozen graph (frozen.CONTENT_INPUT -> CONTENT_OUTPUT)."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, height, width, 3], name='image')
        output = tf.identity(features(image, weights), name='features')
        return frozen.freeze(session, [output])
