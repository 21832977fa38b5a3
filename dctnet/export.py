"""python -m dctnet.export --run RUN --out MODEL_DIR: a trained generator as a model folder for infer.py and for the
published pipelines: cartoon_h.pb, cartoon_bg.pb, alpha.jpg and a JSON card beside each .pb."""
import argparse
import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import cv2
import numpy as np

import dctnet
from dctnet import atomic, config_file, frozen, images
from dctnet.compat import TENSORFLOW_VERSION, session_config, tf
from dctnet.errors import DONE, UserError, exit_with
from dctnet.face.alignment import ellipse_mask
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME, MASK_NAME
from dctnet.nets import unet
from dctnet.runs import best_checkpoint, checkpoint

log = logging.getLogger(__name__)

SIDE_MULTIPLE = 4  # height and width of a frozen translator's input
_CHECKED_PICTURES, _CHECKED_SIDE = 3, 256


def translator_graph(weights: Dict[str, np.ndarray], where: str) -> tf.GraphDef:
    """A frozen translator with these generator weights (released names), under the published tensor contract.

    input_image:0 float32 [H, W, 3] BGR 0-255 -> output_image:0 uint8 [H, W, 3] BGR; H and W multiples of 4. Beside it,
    input_images:0 -> output_images:0, both [N, H, W, 3], by the same weights.
    `where` names the weights' origin in errors. Raises UserError where they do not fit.
    """
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        picture = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        _translate_picture(picture, weights, where, session)
        pictures = tf.placeholder(tf.float32, [None, None, None, 3], name='input_images')
        levels = _levels(pictures, int(weights['generator/Conv/weights'].shape[-1]))
        batch = tf.cast(levels, tf.uint8, name=frozen.BATCH_OUTPUT.split(':')[0])
        return frozen.freeze(session, [session.graph.get_tensor_by_name(frozen.TRANSLATOR_OUTPUT), batch])


def write_model_folder(weights: Dict[str, np.ndarray], where: str, out: Path, origin: Dict[str, Any],
                       mask: Optional[np.ndarray] = None) -> Dict[str, Any]:
    """Freeze, check against the live graph, then write the model folder. Returns the card.

    origin: entries of the card about where the weights come from (run, step, ...). mask: uint8 grey fusion mask of any
    size; None for the ellipse. Raises UserError where weights do not fit, the check fails, or the disk refuses.
    """
    graph_def = translator_graph(weights, where)
    difference = _difference_from_live_graph(graph_def, weights, where)
    if difference > 1:
        raise RuntimeError(f'the frozen graph differs from the live one by {difference} grey levels')
    data = graph_def.SerializeToString(deterministic=True)
    card = {
        'format': 'DCT-Net frozen translator',
        'input': {'name': frozen.TRANSLATOR_INPUT, 'dtype': 'float32', 'shape': ['H', 'W', 3], 'range': [0, 255],
                  'colour': 'BGR', 'multiple_of': SIDE_MULTIPLE},
        'output': {'name': frozen.TRANSLATOR_OUTPUT, 'dtype': 'uint8', 'shape': ['H', 'W', 3], 'colour': 'BGR'},
        'batch': {'input': frozen.BATCH_INPUT, 'output': frozen.BATCH_OUTPUT, 'shape': ['N', 'H', 'W', 3]},
        'channels': int(weights['generator/Conv/weights'].shape[-1]),
        'parameters': _parameter_count(graph_def),
        'sha256': hashlib.sha256(data).hexdigest(),
        'largest_difference_from_live_graph': difference,
        'versions': {'dctnet': dctnet.__version__, 'tensorflow': TENSORFLOW_VERSION, 'numpy': np.__version__},
    }
    card.update(origin)
    if mask is None:
        mask = np.rint(ellipse_mask() * 255).astype(np.uint8)
    text = (json.dumps(card, indent=2) + '\n').encode('utf-8')
    files = {out / MASK_NAME: images.encoded(out / MASK_NAME, cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))}
    for name in (HEAD_NAME, BACKGROUND_NAME):
        files.update({out / name: data, (out / name).with_suffix('.json'): text})
    atomic.write_together(files)
    return card


def _parameter_count(graph_def: tf.GraphDef) -> int:
    weights = [node.attr['value'].tensor for node in graph_def.node
               if node.op == 'Const' and node.name.endswith(('/weights', '/biases'))]
    return int(sum(tf.make_ndarray(tensor).size for tensor in weights))


def _translate_picture(picture: tf.Tensor, weights: Dict[str, np.ndarray], where: str, session: tf.Session) -> None:
    if np.ndim(weights.get('generator/Conv/weights', 0)) != 4:
        raise UserError(f'{where} holds no generator (generator/Conv/weights ...): name a trained run, a released '
                        'checkpoint or an .npz of one')
    channels = int(weights['generator/Conv/weights'].shape[-1])
    levels = tf.squeeze(_levels(tf.expand_dims(picture, 0), channels), axis=0)
    tf.cast(levels, tf.uint8, name=frozen.TRANSLATOR_OUTPUT.split(':')[0])
    variables = unet.variables()
    session.run(tf.variables_initializer(variables))
    # A checkpoint of a run also holds the discriminators and the optimiser, which an export has no use for.
    generator = {name: array for name, array in weights.items() if name.startswith(unet.SCOPE + '/')}
    report = checkpoint.warm_start(session, variables, generator, where, required=unet.SCOPE)
    if report.unused:
        log.warning('%s: %s', where, report.text())


def _levels(pictures: tf.Tensor, channels: int) -> tf.Tensor:
    output = unet.translate(pictures / 127.5 - 1.0, channels)
    return tf.clip_by_value((output + 1.0) * 127.5, 0.0, 255.0)


def _difference_from_live_graph(graph_def: tf.GraphDef, weights: Dict[str, np.ndarray], where: str) -> int:
    """Largest difference in grey levels between the frozen and the live graph on a few pictures."""
    translator = frozen.FrozenGraph(graph_def, device='cpu')
    rng = np.random.RandomState(0)
    worst = 0
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        picture = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        _translate_picture(picture, weights, where, session)
        live = session.graph.get_tensor_by_name(frozen.TRANSLATOR_OUTPUT)
        for _ in range(_CHECKED_PICTURES):
            coarse = rng.randint(0, 256, (9, 7, 3)).astype(np.uint8)
            sample = images.scale(coarse, _CHECKED_SIDE, _CHECKED_SIDE + 16).astype(np.float32)
            expected = session.run(live, {picture: sample})
            worst = max(worst, int(np.abs(translator(sample).astype(int) - expected).max()))
    translator.close()
    return worst


def parse(words: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog='python -m dctnet.export', description=__doc__)
    parser.add_argument('--run', type=Path, required=True, help='run folder, or checkpoint RUN/checkpoints/model-STEP')
    parser.add_argument('--checkpoint', metavar='best|STEP',
                        help='of a run folder: the best by the measurements during the training (evaluate.every), or '
                             'the one of a step (default: the newest)')
    parser.add_argument('--out', type=Path, required=True, help='model folder to make')
    parser.add_argument('--mask', type=Path, help='picture to use as fusion mask instead of the ellipse')
    return parser.parse_args(words)


def _source(run: Path, wanted: Optional[str]) -> Path:
    if wanted is None:
        return run
    if not run.is_dir():
        raise UserError(f'--checkpoint {wanted} goes with a run folder, and {run} is none')
    if wanted == 'best':
        return best_checkpoint.find(run)
    if not wanted.isdigit():
        raise UserError(f'--checkpoint {wanted}: say best, or the number of a step')
    prefix = run / 'checkpoints' / f'model-{int(wanted)}'
    kept = checkpoint.all_in(run / 'checkpoints')
    if prefix not in kept:
        raise UserError('{} keeps no checkpoint of step {}: there are {}'.format(
            run, wanted, ', '.join(str(checkpoint.step_of(other)) for other in kept) or 'none'))
    return prefix


def main(words: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    arguments = parse(words)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    weights = checkpoint.read_arrays(_source(arguments.run, arguments.checkpoint))
    mask = cv2.cvtColor(images.read_bgr(arguments.mask), cv2.COLOR_BGR2GRAY) if arguments.mask else None
    origin = {'source': arguments.run.name, 'step': int(weights.get('global_step', 0))}
    config_path = arguments.run / 'config.yaml'
    if config_path.exists():
        text = config_file.to_yaml(config_file.read_yaml(config_path))
        origin['config_sha256'] = hashlib.sha256(text.encode()).hexdigest()
    card = write_model_folder(weights, str(arguments.run), arguments.out, origin, mask)
    print(f"{arguments.out}: step {card['step']}, {card['parameters']} parameters, frozen graph against live graph: "
          f"{card['largest_difference_from_live_graph']} grey levels at most")
    return DONE


if __name__ == '__main__':
    exit_with(main)
