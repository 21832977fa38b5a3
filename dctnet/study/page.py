"""The page of a preference study: one HTML file with images and script, which loads nothing from anywhere."""
from pathlib import Path
from typing import Sequence

from dctnet import html_page, images
from dctnet.errors import UserError
from dctnet.study.answers import Study

_FOLDER = Path(__file__).parent
_QUALITY = 90  # of the JPEGs
_BODY = '''<progress id="progress"></progress>
<main id="ask"><h1 id="question"></h1><img id="photo" alt="photograph"><div class="pair">
<button id="choice0"><img id="image0" alt="left picture">1</button>
<button id="choice1"><img id="image1" alt="right picture">2</button></div>
<p class="quiet"><span id="count"></span> · tap a picture, or press 1 or 2, or an arrow key</p></main>
<main id="thanks" hidden><h1>Thank you. Save your answers and send the file back.</h1></main>
<div class="tools"><button id="back">Back</button><button id="export">Save answers</button></div>'''


def study_page(photos: Path, results: Sequence[Path], count: int, side: int) -> str:
    """The page of a study.

    photos: folder of photographs.
    results: a folder of each method. An image takes part if the folder of photographs and all results have one of its
        name, whatever the suffix.
    count: of more images an even choice takes part.
    side: the longest side of the images within the page, in pixels.
    Raises UserError for missing folders, fewer than two methods or two of one name, and if no name is in all.
    """
    methods = [Path(folder).resolve().name for folder in results]
    if len(methods) < 2 or len(set(methods)) < len(methods):
        raise UserError('--results needs two or more folders of different names (they name the methods), not '
                        f"{', '.join(str(folder) for folder in results)}")
    files = {method: images.by_stem(images.list_images(folder)) for method, folder in zip(methods, results)}
    files[''] = images.by_stem(images.list_images(photos))
    names = sorted(set.intersection(*[set(found) for found in files.values()]))
    if not names:
        raise UserError('no picture is in all of {}: a result must have the name of its photograph'.format(
            ', '.join(str(folder) for folder in [photos] + list(results))))
    study = Study(sorted(methods), html_page.evenly(names, count))
    data = {'id': study.id, 'methods': study.methods, 'names': study.names, 'items': [list(i) for i in study.items()],
            'pictures': {name: {method: _image_uri(files[method][name], side) for method in files}
                         for name in study.names}}
    return html_page.document('Which picture?', _text('page.css'), _BODY + html_page.json_element(data, 'study'),
                              _text('page.js'))


def _image_uri(path: Path, side: int) -> str:
    return html_page.image_uri(images.read_bgr(path), _QUALITY, side)


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding='utf-8')
