"""The page as a folder of files that needs no server program: styles in ONNX, run in the browser by onnxruntime-web.

The browser finds no faces: whoever uses it puts the head into a square, or translates the whole picture.
"""
import json
from pathlib import Path
from typing import Any, Dict

from dctnet.errors import UserError
from dctnet.exporters import parity, source
from dctnet.exporters.choice import FLOAT32
from dctnet.exporters.onnx_file import onnx_files
from dctnet.files import atomic
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME
from dctnet.web.gallery import Gallery

_PAGE = Path(__file__).parent / 'page'
PAGE_FILES = {'index.html': 'static.html', 'page.css': 'page.css', 'static.js': 'static.js', 'crop.js': 'crop.js',
              'slider.js': 'slider.js', 'texts.js': 'texts.js', 'worker.js': 'worker.js'}
# Name in the site -> name in the package. The module is called .js because some hosts do not know .mjs.
RUNTIME_FILES = {'ort.js': 'ort.wasm.min.js', 'ort-wasm.js': 'ort-wasm-simd-threaded.mjs',
                 'ort.wasm': 'ort-wasm-simd-threaded.wasm'}


def write(models: Path, styles: Dict[str, Path], out: Path, runtime: Path) -> None:
    """Write the site, whole or not at all.

    models: folder of the styles, for their previews.
    styles: name -> model folder.
    out: folder of the site; created if missing, files of the same names are replaced.
    runtime: folder of the npm package onnxruntime-web, or its dist/.
    Raises UserError if the runtime is not there, a style cannot be converted, or the disk refuses.
    """
    atomic.check_place(out)
    files = runtime_files(runtime)
    files.update({name: (_PAGE / file).read_bytes() for name, file in PAGE_FILES.items()})
    gallery, entries = Gallery(models, device='cpu'), []
    for number, (name, folder) in enumerate(styles.items()):
        place = f'styles/{number}'  # names of folders may hold what addresses must not
        models_of = _converted(folder)
        files.update({f'{place}/{file}': data for file, data in models_of.items()})
        files[f'{place}/preview.jpg'] = gallery.portrait(name)
        entries.append(_entry(name, place, models_of))
    gallery.close()
    files['styles.json'] = (json.dumps(entries, ensure_ascii=False, indent=2) + '\n').encode('utf-8')
    atomic.write_together({out / name: data for name, data in files.items()})


def runtime_files(runtime: Path) -> Dict[str, bytes]:
    """The parts of onnxruntime-web that a browser needs, by their names in the site."""
    place = runtime / 'dist' if (runtime / 'dist').is_dir() else runtime
    missing = [name for name in RUNTIME_FILES.values() if not (place / name).is_file()]
    if missing:
        raise UserError(f'{runtime} holds no {missing[0]}: get it with npm install onnxruntime-web@1.30.0, and name '
                        'node_modules/onnxruntime-web/dist')
    return {name: (place / file).read_bytes() for name, file in RUNTIME_FILES.items()}


def _converted(folder: Path) -> Dict[str, bytes]:
    """The ONNX models of a style and their cards, checked against the live graph."""
    style, files = source.read(folder), {}
    for stem, weights in style.translators().items():
        of = parity.reference(weights, style.where)
        files.update(onnx_files(stem, weights, style.where, style.origin, [FLOAT32], of))
    return {name: data for name, data in files.items() if not name.endswith('.py')}


def _entry(name: str, place: str, files: Dict[str, bytes]) -> Dict[str, Any]:
    models = [file for file in files if file.endswith('.onnx')]
    head, background = (f'{Path(graph).stem}.onnx' for graph in (HEAD_NAME, BACKGROUND_NAME))
    return {'name': name, 'preview': f'{place}/preview.jpg',
            'head': f'{place}/{head if head in models else models[0]}',
            'whole': f'{place}/{background if background in models else models[0]}'}
