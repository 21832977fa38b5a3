"""Bring published weights into the forms that this project uses.

python -m data_tools.import_weights generator SRC --out MODEL_DIR   a translator -> a model folder for infer.py
python -m data_tools.import_weights vgg19 SRC                       VGG19 -> checkpoints/vgg19.pb, for train.py ttn
python -m data_tools.import_weights stylegan2 SRC --out NPZ         StyleGAN2 (.pt, .pkl) -> a source of train.py ccn
python -m data_tools.import_weights arcface SRC                     IR-SE50 -> checkpoints/arcface.pb, for train.py ccn
python -m data_tools.import_weights inception SRC                   Inception of 2015 -> checkpoints/inception.pb, for
                                                                    dctnet.evaluate
python -m data_tools.import_weights lpips ALEXNET LINEAR            LPIPS -> checkpoints/lpips.pb, for
                                                                    dctnet.evaluate --lpips
python -m data_tools.import_weights descriptor [SRC] --out PB       dlib's face descriptor network, for other programs:
                                                                    training reads the installed file itself

Where to get the files: checkpoints/README.md. Exit codes: 0 done, 2 a mistake to put right.
"""
import argparse
import hashlib
import logging
import tarfile
from pathlib import Path
from typing import Dict, NoReturn, Optional, Sequence

import cv2
import numpy as np
from google.protobuf.message import DecodeError

from dctnet import atomic, frozen, images, places
from dctnet.command_line import Parser
from dctnet.compat import tf
from dctnet.errors import DONE, UserError, exit_with
from dctnet.exporters import model_folder
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.nets import arcface, dlib_descriptor, inception, lpips, unet, vgg19
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.runs import checkpoint

from .weights import dlib_check, stylegan2, torch_states
from .weights import vgg19 as vgg19_weights
from .weights.torch_states import arcface_arrays, lpips_arrays


def import_generator(source: Path, out: Path, mask: Optional[Path] = None) -> str:
    """Write the model folder `out` with the translator of `source`. Returns what was done, in one line.

    source: .npz, TensorFlow checkpoint (prefix, .index or .meta), run folder, or frozen .pb; half precision is widened.
    mask: picture to use as fusion mask; None for the ellipse.
    Raises UserError where a file is missing or damaged, where weights are missing, not finite or of another shape, or
    where the disk refuses; nothing is written then.
    """
    mask_image = cv2.cvtColor(images.read_bgr(mask), cv2.COLOR_BGR2GRAY) if mask else None
    arrays = checkpoint.read_arrays(source)
    report = _report(arrays, source)
    origin = {'source': source.resolve().name, 'step': int(arrays['global_step']) if 'global_step' in arrays else None}
    if source.is_file():
        origin['source_sha256'] = hashlib.sha256(source.read_bytes()).hexdigest()
    weights = {name: arrays[name] for name in report.loaded}
    card = model_folder.write_model_folder(weights, str(source), out, origin, mask_image)
    return (f"{out}: {card['parameters']} parameters from {source} ({report.text()}); frozen graph against live graph: "
            f"{card['largest_difference_from_live_graph']} grey levels at most")


def _report(arrays: Dict[str, np.ndarray], source: Path) -> checkpoint.NameReport:
    """How the arrays fit a generator as wide as theirs. Raises UserError where they do not."""
    first = arrays.get(unet.SCOPE + '/Conv/weights')
    if first is None:
        raise UserError(f'{source} holds no generator ({unet.SCOPE}/Conv/weights ...): name a trained run, a released '
                        'checkpoint, an .npz or a frozen .pb of one')
    if first.ndim != 4 or 0 in first.shape:
        raise UserError(f'{source}: {unet.SCOPE}/Conv/weights has the shape {list(first.shape)} instead of [7, 7, 3, '
                        'channels]: it is no translator of DCT-Net')
    report = checkpoint.compare(_generator_shapes(first.shape[-1]), {name: a.shape for name, a in arrays.items()})
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
    """Write the content network `out` (.pb, image:0 -> features:0) from vgg19.npy or Keras' .h5. Returns what was done.

    Raises UserError where the source is missing, damaged or something else, or where the disk refuses; nothing is
    written then.
    """
    weights = vgg19_weights.read(source)
    frozen.write_graph(vgg19.freeze_graph(weights), out)
    return '{}: VGG19 up to conv4_4, {} parameters from {}'.format(
        out, sum(array.size for arrays in weights.values() for array in arrays), source)


def import_stylegan2(source: Path, out: Path) -> str:
    """Write the .npz `out` with every network of a StyleGAN2 checkpoint. Returns what was done; raises UserError where
    the source is missing, damaged or something else; nothing is written then."""
    if out.suffix != '.npz':
        raise UserError(f'--out {out}: name an .npz file')
    imported = stylegan2.read(source)
    atomic.write_arrays(out, imported.arrays())
    a = imported.architecture
    return (f"{out}: {', '.join(sorted(imported.networks))} of {a.size} px, channel multiplier "
            f'{a.channel_multiplier:g}, from {source}; use it with --set source={out} --set data.size={a.size}')


def import_arcface(source: Path, out: Path) -> str:
    """Write the identity network `out` (.pb) from IR-SE50's PyTorch state. Returns what was done; raises UserError
    where the source is missing, damaged or something else; nothing is written then."""
    weights = arcface_arrays(torch_states.read_states(source), str(source))
    frozen.write_graph(arcface.freeze_graph(weights), out)
    return f'{out}: IR-SE50, {sum(array.size for array in weights.values())} parameters from {source}'


def import_inception(source: Path, out: Path) -> str:
    """Write the feature network `out` (.pb) from a published frozen graph (.pb, or an archive that holds one), up to
    its last pooling. Returns what was done; raises UserError where the source is missing, damaged or something else;
    nothing is written then."""
    graph_def = tf.GraphDef()
    try:
        if source.name.endswith(('.tgz', '.tar.gz')):
            with tarfile.open(str(source)) as archive:
                member = next(entry for entry in archive if entry.name.endswith('.pb') and entry.isfile())
                graph_def.ParseFromString(archive.extractfile(member).read())
        else:
            graph_def.ParseFromString(source.read_bytes())
    except OSError as error:
        raise UserError(f'cannot read {source} ({error}): check the path, or fetch it again') from error
    except (tarfile.TarError, EOFError, StopIteration, DecodeError) as error:
        raise UserError(f'{source} holds no frozen graph ({type(error).__name__}): fetch it again') from error
    graph_def = inception.pooling_part(graph_def, str(source))
    frozen.check_operations(graph_def, str(source))
    frozen.write_graph(graph_def, out)
    return f'{out}: Inception up to {inception.OUTPUT}, {len(graph_def.node)} operations from {source}'


def import_lpips(alexnet: Path, linear: Path, out: Path) -> str:
    """Write LPIPS `out` (.pb) from the PyTorch states of AlexNet and of the linear layers. Returns what was done;
    raises UserError where one is missing, damaged or something else; nothing is written then."""
    weights = lpips_arrays(torch_states.read_states(alexnet), torch_states.read_states(linear),
                           f'{alexnet} and {linear}')
    frozen.write_graph(lpips.freeze_graph(weights), out)
    return (f'{out}: LPIPS on AlexNet, {sum(array.size for array in weights.values())} parameters from {alexnet} and '
            f'{linear}; use it with dctnet.evaluate --lpips {out}')


def import_descriptor(source: Optional[Path], out: Path) -> str:
    """Write dlib's descriptor network `out` (.pb, image:0 [N, 150, 150, 3] BGR in [-1, 1] -> descriptor:0 [N, 128]),
    compared with dlib's own output. Returns what was done.

    source: dlib_face_recognition_resnet_model_v1.dat, None for the installed one. Raises UserError where the source is
    missing, damaged or something else, or where the two differ; nothing is written then.
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


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 where it is wrong."""
    parser = Parser(prog='python -m data_tools.import_weights', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest='kind', metavar='KIND')
    kinds.required = True
    generator = kinds.add_parser('generator', help='a translator -> a model folder')
    generator.add_argument('source', type=Path, metavar='SRC',
                           help='.npz, TensorFlow checkpoint (model-N), run folder, or frozen .pb')
    generator.add_argument('--out', type=Path, required=True, metavar='MODEL_DIR', help='model folder to make')
    generator.add_argument('--mask', type=Path, metavar='FILE', help='picture to use as fusion mask, not the ellipse')
    content = kinds.add_parser('vgg19', help='VGG19 -> the content network of the training')
    content.add_argument('source', type=Path, metavar='SRC',
                         help='vgg19.npy or vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5')
    content.add_argument('--out', type=Path, default=places.checkpoints_folder() / 'vgg19.pb', metavar='PB',
                         help='default: checkpoints/vgg19.pb')
    source = kinds.add_parser('stylegan2', help='StyleGAN2 -> the source generator of the content calibration')
    source.add_argument('source', type=Path, metavar='SRC', help='rosinality\'s .pt, or NVIDIA\'s .pkl for TensorFlow')
    source.add_argument('--out', type=Path, required=True, metavar='NPZ', help='file to make')
    identity = kinds.add_parser('arcface', help='IR-SE50 -> the identity network of the content calibration')
    identity.add_argument('source', type=Path, metavar='SRC', help='model_ir_se50.pth')
    identity.add_argument('--out', type=Path, default=places.checkpoints_folder() / 'arcface.pb', metavar='PB',
                          help='default: checkpoints/arcface.pb')
    pooled = kinds.add_parser('inception', help='Inception of 2015 -> the feature network of FID and KID')
    pooled.add_argument('source', type=Path, metavar='SRC',
                        help='frozen_inception_v1_2015_12_05.tar.gz, inception-2015-12-05.tgz, or the .pb of one')
    pooled.add_argument('--out', type=Path, default=places.checkpoints_folder() / 'inception.pb', metavar='PB',
                        help='default: checkpoints/inception.pb')
    perceptual = kinds.add_parser('lpips', help='LPIPS on AlexNet -> the network of dctnet.evaluate --lpips')
    perceptual.add_argument('source', type=Path, metavar='ALEXNET', help='torchvision\'s alexnet-owt-7be5be79.pth')
    perceptual.add_argument('linear', type=Path, metavar='LINEAR', help='alex.pth of lpips/weights/v0.1')
    perceptual.add_argument('--out', type=Path, default=places.checkpoints_folder() / 'lpips.pb', metavar='PB',
                            help='default: checkpoints/lpips.pb')
    face = kinds.add_parser('descriptor', help='dlib\'s face descriptor network -> a frozen graph')
    face.add_argument('source', type=Path, nargs='?', metavar='SRC',
                      help='dlib_face_recognition_resnet_model_v1.dat (default: the installed one)')
    face.add_argument('--out', type=Path, required=True, metavar='PB', help='file to make')
    return parser.parse_args(arguments)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if options.kind == 'generator':
        print(import_generator(options.source, options.out, options.mask))
    elif options.kind == 'lpips':
        print(import_lpips(options.source, options.linear, options.out))
    else:
        function = {'vgg19': import_vgg19, 'stylegan2': import_stylegan2, 'arcface': import_arcface,
                    'inception': import_inception, 'descriptor': import_descriptor}[options.kind]
        print(function(options.source, options.out))
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
