"""python -m data_tools.demo --out runs/demo: train a small style, export it, translate a portrait (`make demo`).

Runs the same commands that a user types, prints them, and checks that the result has come closer to the exemplars.
"""
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Dict, List, NoReturn, Optional, Sequence

import cv2
import numpy as np

from dctnet import images
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.files import atomic
from dctnet.metrics.style_distance import colour_distance, texture_distance

from .recipe.demo_material import write_material
from .recipe.project_command import run_command

CONFIG = 'configs/demo/demo.yaml'
IMAGES, SIZE = 240, 48
# A translation counts as stylised if at most this share of the photograph's distance to the exemplars is left, in
# colour and in texture. Such short trainings differ: 32 to 61 % of colour and 38 to 67 % of texture were seen.
LARGEST_SHARE = 0.85


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(prog='python -m data_tools.demo', description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('runs/demo'), help='folder to make anew (default: runs/demo)')
    parser.add_argument('--seed', type=int, default=0, help='of the training: other starting weights and batches')
    options = parser.parse_args(argv)
    out, start = options.out.resolve(), time.time()
    _clear(out)
    print(f'material: {IMAGES} views of a public-domain portrait, and exemplars drawn from it, in {out}')
    write_material(out, IMAGES, SIZE)
    run, model, result = out / 'run', out / 'model', out / 'portrait-comic.png'
    _command('-m', 'dctnet.train', 'ttn', '--config', CONFIG, '--set', f"data.photo={out / 'photo'}",
             f"data.style={out / 'style'}", f"data.cache={out / 'cache'}", f'train.seed={options.seed}', '--run', run)
    _command('-m', 'dctnet.export', '--run', run, '--out', model)
    _command('-m', 'dctnet.infer', '--model', model, '--input', out / 'portrait.png', '--output', result)

    exemplars = [images.read_bgr(path) for path in images.list_images(out / 'style')]
    stages = {'photograph': out / 'portrait.png', 'translated': result}
    distances = {name: _distances(images.read_bgr(path), exemplars) for name, path in stages.items()}
    sheet = _sheet(out, result, exemplars, distances)
    images.write_bgr(out / 'before_after_loss.png', sheet)
    atomic.write_text(out / 'distances.json', json.dumps(distances, indent=2) + '\n')
    print('distance to the exemplars    colour (Lab)   texture (L a pixel)')
    for name, values in distances.items():
        print(f"  {name:26s} {values['colour']:10.2f} {values['texture']:16.2f}")
    print(f"{time.time() - start:.0f} s; before / after / loss: {out / 'before_after_loss.png'}")
    colour, texture = [distances['translated'][kind] / distances['photograph'][kind] for kind in ('colour', 'texture')]
    left = f"{colour:.0%} of the photograph's colour distance and {texture:.0%} of its texture distance are left"
    if max(colour, texture) > LARGEST_SHARE:
        print(f'FAILED: {left}; at most {LARGEST_SHARE:.0%} of either may be', file=sys.stderr)
        return SOME_FAILED
    print(f'stylised: {left}')
    print(f'your own pictures through it, in a browser: python -m dctnet.web --models {options.out}')
    return DONE


def _clear(out: Path) -> None:
    """Remove the last demo; never a folder that holds anything else."""
    demo_files = {'portrait.png', 'photo', 'style', 'cache', 'run', 'model', 'portrait-comic.png',
                  'before_after_loss.png', 'distances.json'}
    if out.is_file():
        raise UserError(f'{out} is a file: name a folder with --out')
    if out.exists() and {path.name for path in out.iterdir()} - demo_files:
        raise UserError(f'{out} holds other files than a demo: name another folder with --out')
    shutil.rmtree(str(out), ignore_errors=True)


def _command(*words: object) -> None:
    code = run_command(words)
    if code == STOPPED_EARLY:
        raise KeyboardInterrupt  # the next demo begins anew
    if code:
        raise UserError(f'the command above failed with exit code {code}: its message says why')


def _distances(image: np.ndarray, exemplars: List[np.ndarray]) -> Dict[str, float]:
    return {'colour': colour_distance([image], exemplars), 'texture': texture_distance([image], exemplars)}


def _sheet(out: Path, result: Path, exemplars: List[np.ndarray], distances: Dict[str, Dict[str, float]]) -> np.ndarray:
    """Photograph, translation, exemplars and loss curves in a row."""
    before, after = images.read_bgr(out / 'portrait.png'), images.read_bgr(result)
    height = before.shape[0]
    shown = images.contact_sheet(exemplars[:16], columns=4)
    records = [json.loads(line) for line in (out / 'run' / 'metrics.jsonl').read_text().splitlines()]
    return np.concatenate([
        images.labelled(before, 'before: colour {colour:.1f}, texture {texture:.1f}'.format(**distances['photograph'])),
        images.labelled(after, 'after: colour {colour:.1f}, texture {texture:.1f}'.format(**distances['translated'])),
        images.labelled(images.scale(shown, height, height), 'exemplars (unpaired)'),
        images.labelled(_curves(records, height), 'losses: g blue, d orange, content green (each / its maximum)')], 1)


def _curves(records: List[dict], side: int) -> np.ndarray:
    canvas = np.full((side, side, 3), 250, np.uint8)
    records = [record for record in records if 'g/loss' in record]  # pixel L1 has another
    steps = np.array([record['step'] for record in records], float)
    for key, colour in (('g/loss', (190, 90, 30)), ('d/loss', (30, 130, 240)), ('g/content', (60, 160, 60))):
        values = np.array([record[key] for record in records])
        x = 12 + (side - 24) * (steps - steps[0]) / max(steps[-1] - steps[0], 1)
        y = side - 12 - (side - 24) * values / max(values.max(), 1e-9)
        cv2.polylines(canvas, [np.stack([x, y], 1).round().astype(np.int32)], False, colour, 2, cv2.LINE_AA)
    return canvas


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
