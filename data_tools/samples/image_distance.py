"""How different two images look, differentiable: LPIPS if it is there, else by the features of a content network."""
from typing import NamedTuple

from dctnet import frozen, places
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.files.hashing import sha256_of_file
from dctnet.models.projection import Distance
from dctnet.nets import lpips
from dctnet.nets.content_network import content_network
from dctnet.nets.pretrained import imported_file

_LPIPS_SMALLEST = 32  # px: its convolutions need as many


class ImageDistance(NamedTuple):
    """description: name and hash of the network. function: of two batches of images."""
    description: str
    function: Distance


def of_name(name: str, size: int) -> ImageDistance:
    """The distance of that name for images of `size` pixels.

    name: 'lpips', 'vgg19', 'dlib' or FILE.pb (image:0 -> features:0); 'auto': LPIPS if it is there, else VGG19 if it
        is there, else dlib. Raises UserError if a file is missing or unusable.
    """
    file = places.checkpoints_folder() / 'lpips.pb'
    if name == 'auto':
        name = ('lpips' if file.exists() and size >= _LPIPS_SMALLEST else
                'vgg19' if imported_file('vgg19').exists() else 'dlib')
    if name == 'lpips':
        if not file.exists():
            raise UserError(f'{file} is missing: make it (checkpoints/README.md), or choose --distance vgg19 or dlib')
        graph_def = frozen.read_graph(file)
        return ImageDistance(f'lpips {sha256_of_file(file)[:8]}', lambda photo, image: frozen.import_into(
            graph_def, {lpips.PHOTO: photo, lpips.RESULT: image}, [lpips.OUTPUT], str(file))[0])
    network = content_network(name, size)
    return ImageDistance(name, lambda photo, image: _of_features(network, photo, image, name))


def _of_features(network: tf.GraphDef, photo: tf.Tensor, image: tf.Tensor, where: str) -> tf.Tensor:
    """The mean difference of the features as a share of the photograph's own, [N]."""
    theirs, ours = [frozen.import_into(network, {frozen.CONTENT_INPUT: x}, [frozen.CONTENT_OUTPUT], where)[0]
                    for x in (photo, image)]
    difference, own = [tf.reduce_mean(tf.abs(x), axis=[1, 2, 3]) for x in (ours - theirs, theirs)]
    return difference / tf.stop_gradient(own + 1e-6)
