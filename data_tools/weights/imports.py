"""Published files -> the files that this project uses, one function a kind. Each returns what was done, in one line."""
import gzip
import io
import tarfile
import zlib
from pathlib import Path
from typing import Dict, Optional

import cv2
import numpy as np
from google.protobuf.message import DecodeError

from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.exporters import model_folder
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.files import atomic, regular
from dctnet.files.hashing import sha256_of_file
from dctnet.graph_safety import contents, trial
from dctnet.nets import arcface, dlib_descriptor, inception, lpips, unet, vgg19, vgg19_file
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.runs import checkpoint

from . import dlib_check, stylegan2, torch_file
from .torch_states import arcface_arrays, lpips_arrays

_MOST_UNPACKED = 256 << 20  # bytes; the published archive has 100 MB


def import_generator(source: Path, out: Path, mask: Optional[Path] = None) -> str:
    """Write the model folder `out` with the translator of `source`.

    source: .npz, TensorFlow checkpoint (prefix, .index or .meta), run folder, or frozen .pb; half precision is widened.
    mask: image to use as fusion mask; None for the ellipse.
    Raises UserError if a file is missing or damaged, if weights are missing, not finite or of another shape, or
    if the disk refuses; nothing is written then.
    """
    mask_image = cv2.cvtColor(images.read_bgr(mask), cv2.COLOR_BGR2GRAY) if mask else None
    arrays = checkpoint.read_arrays(source)
    report = _report(arrays, source)
    origin = {'source': source.resolve().name, 'step': int(arrays['global_step']) if 'global_step' in arrays else None}
    if source.is_file():
        origin['source_sha256'] = sha256_of_file(source)
    weights = {name: arrays[name] for name in report.loaded}
    card = model_folder.write_model_folder(weights, str(source), out, origin, mask_image)
    return (f"{out}: {card['parameters']} parameters from {source} ({report.text()}); frozen graph against live graph: "
            f"{card['largest_difference_from_live_graph']} grey levels at most")


def _report(arrays: Dict[str, np.ndarray], source: Path) -> checkpoint.NameReport:
    """How the arrays fit a generator as wide as theirs. Raises UserError if they do not."""
    channels = unet.channels_of(arrays)
    if not channels:
        raise UserError(f'{source} holds no translator of DCT-Net ({unet.SCOPE}/Conv/weights [7, 7, 3, channels] ...): '
                        'name a trained run, a released checkpoint, an .npz or a frozen .pb of one')
    report = checkpoint.compare(_generator_shapes(channels), {name: a.shape for name, a in arrays.items()})
    if report.missing or report.reshaped:
        raise UserError(f'{source} does not fit the generator: {report.text()}')
    damaged = [name for name in report.loaded
               if not np.issubdtype(arrays[name].dtype, np.floating) or not np.isfinite(arrays[name]).all()]
    if damaged:
        raise UserError(f"{source} holds values that are no finite numbers ({', '.join(damaged[:6])}): take an earlier "
                        'checkpoint, or download it again')
    return report


def _generator_shapes(channels: int) -> Dict[str, tuple]:
    with tf.Graph().as_default():
        unet.unet(tf.placeholder(tf.float32, [1, 16, 16, 3]), channels)
        return {variable.op.name: tuple(variable.shape.as_list()) for variable in unet.variables()}


def import_vgg19(source: Path, out: Path) -> str:
    """Write the content network `out` (.pb, image:0 -> features:0) from vgg19.npy or Keras' .h5.

    Raises UserError if the source is missing, damaged or something else, or if the disk refuses; nothing is
    written then.
    """
    weights = vgg19_file.read(source)
    frozen.write_graph(vgg19.freeze_graph(weights), out)
    return '{}: VGG19 up to conv4_4, {} parameters from {}'.format(
        out, sum(array.size for arrays in weights.values() for array in arrays), source)


def import_stylegan2(source: Path, out: Path) -> str:
    """Write the .npz `out` with every network of a StyleGAN2 checkpoint. Raises UserError if the source is missing,
    damaged or something else; nothing is written then."""
    if out.suffix != '.npz':
        raise UserError(f'--out {out}: name an .npz file')
    imported = stylegan2.read(source)
    atomic.write_arrays(out, imported.arrays())
    a = imported.architecture
    return (f"{out}: {', '.join(sorted(imported.networks))} of {a.size} px, channel multiplier "
            f'{a.channel_multiplier:g}, from {source}; use it with --set source={out} --set data.size={a.size}')


def import_arcface(source: Path, out: Path) -> str:
    """Write the identity network `out` (.pb) from IR-SE50's PyTorch state. Raises UserError if the source is missing,
    damaged or something else; nothing is written then."""
    weights = arcface_arrays(torch_file.read_states(source), str(source))
    frozen.write_graph(arcface.freeze_graph(weights), out)
    return f'{out}: IR-SE50, {sum(array.size for array in weights.values())} parameters from {source}'


def import_inception(source: Path, out: Path) -> str:
    """Write the feature network `out` (.pb) from a published frozen graph (.pb, or an archive that holds one), up to
    its last pooling. Raises UserError if the source is missing, damaged or something else; nothing is written then."""
    graph_def = tf.GraphDef()
    try:
        if source.name.endswith(('.tgz', '.tar.gz')):
            graph_def.ParseFromString(_graph_in_archive(source))
        else:
            with regular.opened(source) as stream:
                graph_def.ParseFromString(stream.read())
    except OSError as error:
        raise UserError(f'cannot read {source} ({error}): check the path, or fetch it again') from error
    except (tarfile.TarError, EOFError, StopIteration, ValueError, zlib.error, DecodeError) as error:
        raise UserError(f'{source} holds no frozen graph ({type(error).__name__}): fetch it again') from error
    graph_def = inception.pooling_part(graph_def, str(source))
    contents.check(graph_def, str(source))
    data = graph_def.SerializeToString()
    trial.check(data, [inception.INPUT], [inception.OUTPUT], str(source), data)
    frozen.write_graph(graph_def, out)
    return f'{out}: Inception up to {inception.OUTPUT}, {len(graph_def.node)} operations from {source}'


def _graph_in_archive(source: Path) -> bytes:
    """The first .pb of a .tgz, or of a .tar. Raises ValueError if the archive unpacks to more than makes sense."""
    with regular.opened(source) as stream:
        packed = stream.read(2) == b'\x1f\x8b'
    with (gzip.open(str(source)) if packed else regular.opened(source)) as stream:
        unpacked = stream.read(_MOST_UNPACKED + 1)
    if len(unpacked) > _MOST_UNPACKED:
        raise ValueError(f'it unpacks to more than {_MOST_UNPACKED} bytes')
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode='r:') as archive:
        member = next(entry for entry in archive if entry.name.endswith('.pb') and entry.isreg())
        content = archive.extractfile(member)
        assert content is not None, 'a regular file'
        return content.read()


def import_lpips(alexnet: Path, linear: Path, out: Path) -> str:
    """Write LPIPS `out` (.pb) from the PyTorch states of AlexNet and of the linear layers. Raises UserError if one is
    missing, damaged or something else; nothing is written then."""
    weights = lpips_arrays(torch_file.read_states(alexnet), torch_file.read_states(linear),
                           f'{alexnet} and {linear}')
    frozen.write_graph(lpips.freeze_graph(weights), out)
    return (f'{out}: LPIPS on AlexNet, {sum(array.size for array in weights.values())} parameters from {alexnet} and '
            f'{linear}; use it with dctnet.evaluate --lpips {out}')


def import_descriptor(source: Optional[Path], out: Path) -> str:
    """Write dlib's descriptor network `out` (.pb, image:0 [N, 150, 150, 3] BGR in [-1, 1] -> descriptor:0 [N, 128]),
    compared with dlib's own output.

    source: dlib_face_recognition_resnet_model_v1.dat, None for the installed one. Raises UserError if the source is
    missing, damaged or something else, or if the two differ; nothing is written then.
    """
    source = source or installed_model(DESCRIPTOR)
    weights = read_descriptor_weights(source)
    graph = dlib_descriptor.freeze_graph(weights)
    difference = dlib_check.largest_difference(graph, source)
    if difference > dlib_check.TOLERANCE:
        raise UserError(f"{source} read here gives descriptors that differ by {difference:.1e} from dlib's own: the "
                        'file is damaged or of an unknown version; fetch it again')
    frozen.write_graph(graph, out)
    return '{}: dlib\'s face descriptor, {} parameters from {}; {:.1e} at most from dlib\'s own output'.format(
        out, sum(kernel.size + bias.size for kernel, bias in weights.convolutions) + weights.matrix.size, source.name,
        difference)
