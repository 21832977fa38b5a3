"""All commands on paths with odd names, in a terminal that knows ASCII only: python -m tests.names [KIND ...]. Exit
code 1 if a command shows a traceback, or ends with another code than 0 or, in one line, 2."""
import io
import json
import subprocess
import sys
import tempfile
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Dict, List, Tuple

KINDS = {'plain': 'plain', 'brackets': 'my[v2]', 'pattern': 'a*b?c', 'backslash': 'q\\x', 'spaces': ' a  b ',
         'line break': 'two\nlines', 'no UTF-8': 'q\udcffx', 'not Latin': '日本é', '255 bytes': 'n' * 255,
         'quotes': 'it\'s "x"',
         'percent': '100%d{0}', 'dollar': '$HOME ~x', 'hash': '#x;y&z', 'date': '2024_01_05'}
COMMANDS = ('train', 'resume', 'report', 'export', 'infer', 'infer a folder', 'infer a clip', 'align_faces',
            'augment_geometry', 'check', 'evaluate', 'study', 'import_weights', 'flicker')


def words_of(material: Path, odd: Path) -> Dict[str, Tuple[str, List[str]]]:
    """Command -> its module and its words, all of whose paths lead through the folder `odd`."""
    from tests.training import tiny_training
    train = tiny_training.plain(odd, odd / 'run', 'train.sample_every=2')
    faces = str(material / 'faces.pb')
    infer = ['--model', str(odd / 'ready'), '--device', 'cpu']
    portraits, pictures = str(odd / 'portraits'), str(odd / 'pictures')
    return {
        'train': ('dctnet.train', train), 'resume': ('dctnet.train', train + ['--set', 'train.steps=6']),
        'report': ('dctnet.report.__main__', [str(odd / 'run')]),
        'export': ('dctnet.export', ['--run', str(odd / 'run'), '--out', str(odd / 'model')]),
        'infer': ('dctnet.infer', infer + ['--input', f'{portraits}/0.png', '--output', str(odd / 'out.png'),
                                           '--landmarks-json']),
        'infer a folder': ('dctnet.infer', infer + ['--input', portraits, '--output', pictures]),
        'infer a clip': ('dctnet.infer', infer + ['--input', str(odd / 'clip.mp4'), '--output',
                                                  str(odd / 'cartoon.mp4')]),
        'align_faces': ('data_tools.align_faces', [portraits, str(odd / 'faces'), '--size', '64', '--detect-pixels',
                                                   '160000']),
        'augment_geometry': ('data_tools.augment_geometry', [str(odd / 'style'), str(odd / 'views')]),
        'check': ('data_tools.check', [str(odd / 'photo'), str(odd / 'style'), '--out', str(odd / 'check.html')]),
        'evaluate': ('dctnet.evaluate', ['--photos', portraits, '--results', pictures, '--styles', str(odd / 'style'),
                                         '--out', str(odd / 'report.json'), '--features', faces, '--identity', faces,
                                         '--device', 'cpu', '--cache', str(odd / 'cache')]),
        'study': ('dctnet.study.__main__', ['make', '--photos', portraits, '--results', pictures, portraits, '--out',
                                            str(odd / 'study.html')]),
        'import_weights': ('data_tools.import_weights', ['generator', str(odd / 'run'), '--out',
                                                         str(odd / 'imported')]),
        'flicker': ('dctnet.flicker', [str(odd / 'clip.mp4'), str(odd / 'cartoon.mp4')]),
    }


def write_material(folder: Path) -> None:
    """Pictures, portraits and a clip; a face network beside them."""
    import imageio_ffmpeg
    import numpy as np
    from skimage import data

    from dctnet import images
    from tests.inference.tiny_graphs import write_model
    from tests.training import tiny_training
    write_model(folder / 'ready')
    tiny_training.write_pictures(folder)
    portrait = np.ascontiguousarray(data.astronaut()[:400, :, ::-1])
    for number in range(2):
        images.write_bgr(folder / 'portraits' / f'{number}.png', np.roll(portrait, -9 * number, axis=1))
    writer = imageio_ffmpeg.write_frames(str(folder / 'clip.mp4'), (256, 208), fps=10, macro_block_size=1)
    writer.send(None)
    for number in range(3):
        writer.send(np.ascontiguousarray(portrait[:208, 9 * number:9 * number + 256, ::-1]).tobytes())
    writer.close()
    tiny_training.write_face_network(folder / 'faces.pb', 8)


def run_all(material: Path, place: Path, kind: str) -> Dict[str, str]:
    """Command -> 'ok', or what was wrong; in this process, whose terminal takes ASCII."""
    import importlib
    import shutil

    from dctnet.errors import exit_with
    odd = place / KINDS[kind]
    shutil.copytree(str(material), str(odd))
    results = {}
    for command, (module, words) in words_of(material, odd).items():
        said = io.TextIOWrapper(io.BytesIO(), encoding='ascii', errors='strict', write_through=True)
        code: object = None
        with redirect_stdout(said), redirect_stderr(said):
            try:
                exit_with(lambda: importlib.import_module(module).main(words))
            except SystemExit as end:
                code = end.code
            except BaseException:
                said.buffer.write(traceback.format_exc().encode('ascii', 'backslashreplace'))
        text = said.buffer.getvalue().decode()  # type: ignore
        if 'Traceback' in text or code not in (0, 2):
            results[command] = f'exit code {code}: {text.strip()[-1200:]}'
        else:
            results[command] = 'ok' if code == 0 else 'refused: ' + text.strip().splitlines()[-1]
    return results


def main() -> int:
    if sys.argv[1:] in (['--help'], ['-h']):
        print(__doc__, f"\n\nKINDs: {', '.join(KINDS)}; default: all")
        return 0
    if sys.argv[1:2] == ['--one']:
        from dctnet import compat, process
        process.prepare()
        compat.graph_mode()
        results = run_all(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
        Path(sys.argv[5]).write_text(json.dumps(results))
        return 0
    kinds = sys.argv[1:] or list(KINDS)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        material, answer = Path(folder) / 'material', Path(folder) / 'answer.json'
        material.mkdir()
        write_material(material)
        for number, kind in enumerate(kinds):
            place = Path(folder) / str(number)
            place.mkdir()
            subprocess.run([sys.executable, '-m', 'tests.names', '--one', str(material), str(place), kind, str(answer)],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            results = json.loads(answer.read_text())
            fine = [command for command in COMMANDS if results[command] == 'ok']
            print(f'{kind}: {len(fine)} of {len(COMMANDS)} commands ok', flush=True)
            for command in COMMANDS:
                if results[command] != 'ok':
                    print(f'  {command}: {results[command]}', flush=True)
                    wrong += not results[command].startswith('refused')
    print(f'{len(kinds)} kinds of names, {len(COMMANDS)} commands: {wrong} not as promised')
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
