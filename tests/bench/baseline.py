"""What the published trainer does each step, built from its description (docs/recipe.md, "Defects of the published
code"): the yardstick of the benchmark. Networks and sizes are ours, so that only the way of training differs."""
import numpy as np
from skimage.color import label2rgb
from skimage.segmentation import slic

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.losses import content_loss, total_variation
from dctnet.models.ttn_losses import COLOUR_SHIFT_HIGH, COLOUR_SHIFT_LOW
from dctnet.nets import unet
from tests.bench.batch import Batch

_STYLE, _CONTENT, _TV = 0.1, 200.0, 1e4


class BaselineTrainer:
    """One `step` is three session runs: translate for the superpixels, train G, train D with the summary of G's loss.

    VGG19 stands three times in the graph; box filters are depthwise convolutions with ones; the power iteration
    advances at every call of a discriminator.
    """

    def __init__(self, batch: Batch, content_network: tf.GraphDef, channels: int, device: str = 'cpu') -> None:
        self._batch = batch
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(0)
            shape = batch.photo.shape
            self._photo, self._style, self._superpixel = [tf.placeholder(tf.float32, shape) for _ in range(3)]
            self._build(content_network, channels)
            self._session = tf.Session(graph=graph, config=session_config(device, training=True))
            self._session.run(tf.global_variables_initializer())
        graph.finalize()

    def step(self) -> None:
        """One training step."""
        feed = {self._photo: self._batch.photo, self._style: self._batch.style}
        output = self._session.run(self._output, {self._photo: self._batch.photo})
        feed[self._superpixel] = painted_regions(output)
        self._session.run([self._train_g, self._loss_g], feed)
        self._session.run([self._train_d, self._loss_d, self._summary], feed)

    def close(self) -> None:
        """Free the memory of the session."""
        self._session.close()

    def _build(self, content_network: tf.GraphDef, channels: int) -> None:
        photo, style = self._photo, self._style
        self._output = output = guided_filter(photo, unet.unet(photo, channels), 1, 1e-2)
        low, high = tf.constant(COLOUR_SHIFT_LOW), tf.constant(COLOUR_SHIFT_HIGH)
        shift = low + (high - low) * tf.random_uniform([3])
        shift = shift / tf.reduce_sum(shift)
        views = {'disc_gray': lambda x: tf.reduce_sum(x * shift, 3, keepdims=True),
                 'disc_blur': lambda x: guided_filter(x, x, 5, 0.2)}
        loss_style, self._loss_d = 0.0, 0.0
        for scope, view in views.items():
            fake, real = [_discriminator(view(picture), scope, channels) for picture in (output, style)]
            loss_style += tf.reduce_mean(tf.square(fake - 1.0))
            self._loss_d += 0.5 * (tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake)))

        features = [frozen.import_into(content_network, {frozen.CONTENT_INPUT: picture}, [frozen.CONTENT_OUTPUT],
                                       'VGG19')[0]
                    for picture in (photo, output, self._superpixel)]
        content = content_loss(features[0], features[1]) + content_loss(features[2], features[1])
        self._loss_g = _STYLE * loss_style + _CONTENT * content + _TV * total_variation(output)
        self._summary = tf.summary.scalar('loss_g', self._loss_g)

        self._train_g, self._train_d = [
            tf.train.AdamOptimizer(2e-4, 0.5, 0.99).minimize(loss, var_list=variables) for loss, variables in (
                (self._loss_g, unet.variables()), (self._loss_d, tf.trainable_variables('disc_')))]


def painted_regions(pictures: np.ndarray) -> np.ndarray:
    """Superpixels of a batch [N, H, W, 3], one picture after the other, by scikit-image alone."""
    painted = []
    for picture in pictures:
        labels = slic(picture, n_segments=200, sigma=1, compactness=10, start_label=1)
        painted.append(label2rgb(labels, picture, kind='avg', bg_label=0))
    return np.stack(painted)


def _box_sum(x: tf.Tensor, radius: int) -> tf.Tensor:
    side, channels = 2 * radius + 1, x.shape.as_list()[3]
    return tf.nn.depthwise_conv2d(x, tf.ones([side, side, channels, 1]), [1, 1, 1, 1], 'SAME')


def guided_filter(guide: tf.Tensor, x: tf.Tensor, radius: int, eps: float) -> tf.Tensor:
    """As published, by depthwise convolutions; otherwise that of dctnet.ops.filters."""
    count = _box_sum(tf.ones_like(x[:1, :, :, :1]), radius)
    mean_guide, mean_x = _box_sum(guide, radius) / count, _box_sum(x, radius) / count
    covariance = _box_sum(guide * x, radius) / count - mean_guide * mean_x
    variance = _box_sum(guide * guide, radius) / count - mean_guide * mean_guide
    slope = covariance / (variance + eps)
    offset = mean_x - slope * mean_guide
    return _box_sum(slope, radius) / count * guide + _box_sum(offset, radius) / count


def _discriminator(x: tf.Tensor, scope: str, channels: int) -> tf.Tensor:
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        for i in range(3):
            for name, stride in (('conv{}_1', 2), ('conv{}_2', 1)):
                x = tf.nn.leaky_relu(_spectral_conv(x, name.format(i), 3, stride, channels * 2 ** i), 0.2)
        return _spectral_conv(x, 'conv_out', 1, 1, 1)


def _spectral_conv(x: tf.Tensor, name: str, size: int, stride: int, outputs: int) -> tf.Tensor:
    with tf.variable_scope(name):
        kernel = tf.get_variable('kernel', [size, size, x.shape.as_list()[3], outputs])
        bias = tf.get_variable('bias', [outputs], initializer=tf.zeros_initializer())
        u = tf.get_variable('u', [1, outputs], initializer=tf.random_normal_initializer(), trainable=False)
    matrix = tf.reshape(kernel, [-1, outputs])
    v = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(u, matrix, transpose_b=True)))
    new_u = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(v, matrix)))
    sigma = tf.matmul(tf.matmul(v, matrix), new_u, transpose_b=True)
    with tf.control_dependencies([u.assign(new_u)]):
        normalised = tf.reshape(matrix / sigma, kernel.shape)
    return tf.nn.conv2d(x, normalised, [1, stride, stride, 1], 'SAME') + bias
