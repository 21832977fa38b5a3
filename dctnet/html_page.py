"""HTML pages in one file: style, script, data and images are inside, and nothing is loaded from elsewhere."""
import base64
import json
from html import escape
from typing import Any, List, Optional, Sequence, TypeVar

import cv2
import numpy as np

from dctnet import images

T = TypeVar('T')


def document(title: str, style: str, body: str, script: str = '') -> str:
    """The whole text of a page.

    title: plain text, escaped here.
    style, script: CSS and JavaScript, inserted unchanged.
    body: HTML; the caller escapes texts from elsewhere (html.escape).
    Bytes of file names that are no UTF-8, and the like, become question marks.
    """
    ending = f'<script>{script}</script>' if script else ''
    text = ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{escape(title)}</title><style>{style}</style></head><body>{body}{ending}</body></html>\n')
    return text.encode('utf-8', 'replace').decode('utf-8')


def json_element(value: Any, identity: str = '') -> str:
    """A <script> element that holds data for the page's script; no text in it can end the element."""
    attribute = f' id="{escape(identity)}"' if identity else ''
    data = json.dumps(value).replace('<', '\\u003c')
    return f'<script type="application/json"{attribute}>{data}</script>'


def image_uri(image: np.ndarray, quality: int, longest_side: Optional[int] = None) -> str:
    """uint8 [H, W, 3] BGR -> a data: address that holds the image as JPEG.

    quality: of the JPEG, 0 - 100. longest_side: in pixels; a larger image is scaled down to it, None: never.
    """
    if longest_side and max(image.shape[:2]) > longest_side:
        factor = longest_side / max(image.shape[:2])
        image = images.scale(image, *[max(1, round(side * factor)) for side in image.shape[1::-1]])
    data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    return 'data:image/jpeg;base64,' + base64.b64encode(data).decode('ascii')


def evenly(entries: Sequence[T], count: int) -> List[T]:
    """At most `count` of the entries, evenly spaced, the last always and the first if there are two."""
    if len(entries) <= count:
        return list(entries)
    if count == 1:
        return [entries[-1]]
    return [entries[place] for place in np.linspace(0, len(entries) - 1, count).round().astype(int)]
