"""What the commands read: pictures, clips, models, runs and answers, all tiny."""
import json
import os
from pathlib import Path

import numpy as np
from skimage import data

from dctnet import images, train
from dctnet.exporters.model_folder import write_model_folder
from dctnet.nets.stylegan2 import Architecture
from dctnet.study.answers import Study
from tests.data_tools.test_generate_style_faces import write_npz, write_run
from tests.frozen_graphs.__main__ import weights
from tests.inference.tiny_graphs import write_model
from tests.training import tiny_training

PLAIN = '0'  # names of files that get the odd name
SITE_FILES = ('ort.wasm.min.js', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm')


def write(folder: Path) -> None:
    """All of it, under plain names."""
    portrait = np.ascontiguousarray(data.astronaut()[:400, :, ::-1])
    tiny_training.write_pictures(folder)
    for place in ('photo', 'style'):
        first = images.list_images(folder / place)[0]
        first.rename(first.with_name(f'{PLAIN}.png'))
    for number in range(2):
        picture = np.roll(portrait, -9 * number, axis=1)
        images.write_bgr(folder / 'portraits' / f'{number}.png', picture)
        images.write_bgr(folder / 'results' / f'{number}.png', 255 - picture)
        images.write_bgr(folder / 'frames' / f'frame-{number}.png', picture[:200, 150:350])
    for number in range(3):
        head = np.roll(portrait[20:200, 135:315], -9 * number, axis=1)
        images.write_bgr(folder / 'samples' / f'{number}.png', images.scale(head, 64, 64))
    (folder / 'samples' / 'keep.txt').write_text('1.png\n2.png\n')
    for name in (f'{PLAIN}.mp4', 'cartoon.mp4'):
        _write_clip(folder / name, portrait)
    _write_models(folder)
    _write_answers(folder / 'answers')


def _write_clip(path: Path, portrait: np.ndarray) -> None:
    import imageio_ffmpeg
    writer = imageio_ffmpeg.write_frames(str(path), (256, 208), fps=10, macro_block_size=1)
    writer.send(None)
    for number in range(3):
        writer.send(np.ascontiguousarray(portrait[:208, 9 * number:9 * number + 256, ::-1]).tobytes())
    writer.close()


def _write_models(folder: Path) -> None:
    write_model(folder / 'ready')
    write_model(folder / 'models' / PLAIN)
    write_model_folder(weights(2), 'drawn', folder / 'styles' / 'drawn', {})
    for size in (8, 16):
        tiny_training.write_face_network(folder / f'faces{size}.pb', size)
    for name in SITE_FILES:
        (folder / 'runtime').mkdir(exist_ok=True)
        (folder / 'runtime' / name).write_text(name)
    write_npz(folder / 'source.npz', a=Architecture(16, max_channels=4, style_dim=8, mapping_layers=2))
    write_run(folder / 'calibrated', (2,), a=Architecture(32, max_channels=4, style_dim=8, mapping_layers=2))
    train.main(tiny_training.plain(folder, folder / 'trained', 'train.sample_every=2'))


def _write_answers(folder: Path) -> None:
    study = Study(['a', 'b'], ['0.png', '1.png'])
    answers = [{'item': list(item), 'choice': item[1]} for item in study.items()]
    folder.mkdir()
    (folder / f'{PLAIN}.json').write_text(json.dumps({
        'study': study.id, 'methods': study.methods, 'names': study.names, 'participant': 'p', 'answers': answers}))
    (folder / 'subjects.txt').write_text('Audrey Hepburn\n')


def rename(folder: Path, name: str) -> None:
    """Give the files that are called 0.png, 0.mp4 ... this name, and the folder 0."""
    for path in [path for pattern in ('*', '*/*') for path in folder.glob(pattern) if path.stem == PLAIN]:
        os.rename(str(path), str(path.with_name(name + path.suffix)))
