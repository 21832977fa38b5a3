"""Pages of one file: what must be escaped is, pictures are within, and too many entries are thinned out evenly."""
import base64
import json
from html.parser import HTMLParser

import cv2
import numpy as np

from dctnet import html_page

HOSTILE = '</script></title><b>&"'


class Elements(HTMLParser):
    """The elements of a page in order, and the texts of some."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = [], {}, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes[tag] = dict(attributes)

    def handle_data(self, data):
        if self.tags:
            self.texts.setdefault(self.tags[-1], []).append(data)


def test_no_text_ends_an_element():
    page = Elements(html_page.document(HOSTILE, 'p { color: red }', html_page.json_element([HOSTILE], 'data')))
    assert page.tags == ['html', 'head', 'meta', 'meta', 'title', 'style', 'body', 'script']
    assert ''.join(page.texts['title']) == HOSTILE and page.attributes['script']['id'] == 'data'
    assert json.loads(''.join(page.texts['script'])) == [HOSTILE]


def test_the_script_comes_last_and_only_if_there_is_one():
    assert html_page.document('t', '', '<p></p>', 'go()').endswith('<p></p><script>go()</script></body></html>\n')
    assert '<script' not in html_page.document('t', '', '<p></p>')


def decoded(uri):
    kind, data = uri.split(',')
    assert kind == 'data:image/jpeg;base64'
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)


def test_images_are_within_and_only_large_ones_are_scaled():
    image = np.full((30, 60, 3), (10, 120, 230), np.uint8)
    for side, shape in ((None, (30, 60, 3)), (90, (30, 60, 3)), (20, (10, 20, 3))):
        result = decoded(html_page.image_uri(image, 95, side))
        assert result.shape == shape and np.abs(result.astype(int) - image[0, 0]).max() <= 4
    assert len(html_page.image_uri(np.eye(64, dtype=np.uint8)[..., None].repeat(3, 2) * 255, 30)) < len(
        html_page.image_uri(np.eye(64, dtype=np.uint8)[..., None].repeat(3, 2) * 255, 95))


def test_entries_are_spread_evenly_with_the_last_one():
    assert html_page.evenly(range(5), 9) == [0, 1, 2, 3, 4]
    assert html_page.evenly(range(101), 5) == [0, 25, 50, 75, 100]
    assert html_page.evenly(range(7), 1) == [6]


def test_what_is_no_text_becomes_question_marks():
    assert '<title>a?</title>' in html_page.document('a\udcff', '', '<p>\ud800</p>').encode('utf-8').decode('utf-8')
