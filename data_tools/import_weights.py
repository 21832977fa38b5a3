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
import logging
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from dctnet import places, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
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
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    process.prepare()
    from dctnet.compat import graph_mode

    from .weights import imports
    graph_mode()
    if options.kind == 'generator':
        print(imports.import_generator(options.source, options.out, options.mask))
    elif options.kind == 'lpips':
        print(imports.import_lpips(options.source, options.linear, options.out))
    else:
        function = {'vgg19': imports.import_vgg19, 'stylegan2': imports.import_stylegan2,
                    'arcface': imports.import_arcface, 'inception': imports.import_inception,
                    'descriptor': imports.import_descriptor}[options.kind]
        print(function(options.source, options.out))
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
