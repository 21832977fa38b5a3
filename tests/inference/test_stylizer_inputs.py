"""What the stylizer takes: options, graphs, arrays, pictures of Pillow; and what it refuses."""
import io

import numpy as np
import pytest
from PIL import Image

from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.frozen import FrozenGraph
from dctnet.inference.stylizer import Stylizer
from tests.inference.tiny_graphs import invert, of_background, write_translator


@pytest.fixture(scope='module', autouse=True)
def quick_start(one_detector):
    """Every stylizer here shares the loaded landmarks model."""


@pytest.mark.parametrize('options, message', [
    (dict(mode='both'), 'choose fusion, single or whole'), (dict(faces='some'), 'choose all, largest'),
    (dict(faces=0), 'a number from 1'), (dict(short_side=3), 'at least 16'),
    (dict(model='nowhere'), 'nowhere does not exist'), (dict(model=None), '--head'),
    (dict(model=None, head=__file__), '--background'), (dict(mask='none.png'), 'mask none.png does not exist'),
])
def test_options_out_of_range_are_refused(model, options, message):
    with pytest.raises(UserError, match=message):
        Stylizer(**{'model': model, 'device': 'cpu', **options})


@pytest.mark.parametrize('array', [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8),
                                   np.zeros((5, 5, 3), np.float32), np.zeros((0, 5, 3), np.uint8)])
def test_arrays_that_are_no_pictures_are_refused(stylizer, array):
    with pytest.raises(UserError, match='uint8'):
        stylizer(array)


def bad_graph(path, kind):
    if kind == 'text':
        path.write_bytes(b'this is no graph at all' * 10)
    elif kind == 'other tensors':
        write_translator(path, invert, input_name='photo')
    elif kind == 'reads files':
        write_translator(path, lambda x: x + tf.cast(tf.strings.length(tf.read_file('/etc/passwd')), tf.float32))
    elif kind == 'float output':
        write_translator(path, invert, dtype=tf.float32)
    elif kind == 'one size':
        write_translator(path, invert, shape=(256, 256, 3))
    elif kind == 'half the size':
        write_translator(path, lambda x: x[::2, ::2])
    else:
        write_translator(path, tf.image.rgb_to_grayscale)


@pytest.mark.parametrize('kind, message', [
    ('text', 'not a frozen|holds no graph'),
    ('other tensors', 'no tensor input_image:0'), ('reads files', 'refused.*ReadFile'),
    ('float output', 'is it a translator'), ('one size', 'is it the right graph'),
    ('half the size', 'is it a translator'), ('grey', 'is it a translator')])
def test_graphs_that_are_no_translators_are_refused(tmp_path, kind, message):
    path = tmp_path / 'cartoon_bg.pb'
    bad_graph(path, kind)
    with pytest.raises(UserError, match=message) as error:
        Stylizer(background=path, device='cpu', mode='single')
    assert 'cartoon_bg.pb' in str(error.value)


def test_out_of_memory_names_the_option(model, astronaut, monkeypatch):
    stylizer = Stylizer(model, device='cpu')

    def exhausted(graph, image):
        raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating')

    monkeypatch.setattr(FrozenGraph, '__call__', exhausted)
    with pytest.raises(UserError, match='out of memory.*512x512.*--short-side'):
        stylizer(astronaut)


def test_pictures_of_pillow_come_back_as_such(stylizer, astronaut):
    portrait = Image.fromarray(astronaut[:, :, ::-1].copy())
    found = stylizer(portrait)
    assert found.mode == 'RGB' and found.size == portrait.size
    np.testing.assert_array_equal(np.asarray(found)[:, :, ::-1], stylizer(astronaut))
    turned = portrait.rotate(90, expand=True).crop((0, 0, 300, 512))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was turned: shown upright it is 512 wide and 300 high
    data_of_file = io.BytesIO()
    turned.save(data_of_file, 'JPEG', exif=exif.tobytes())
    assert stylizer(Image.open(data_of_file)).size == (512, 300)


def test_several_pictures_keep_their_kinds_sizes_and_order(stylizer, astronaut):
    small, grey = astronaut[:60, :80], Image.new('L', (33, 17), 100)
    found = stylizer([astronaut, grey, small])
    np.testing.assert_array_equal(found[0], stylizer(astronaut))
    assert isinstance(found[1], Image.Image) and found[1].size == (33, 17)
    assert found[1].getpixel((5, 5)) == (82, 82, 82)
    np.testing.assert_array_equal(found[2], of_background(small))
    assert stylizer(()) == []


def test_as_a_context_it_closes(model, astronaut):
    with Stylizer(model, device='cpu') as short_lived:
        assert short_lived(astronaut).shape == astronaut.shape
    with pytest.raises(RuntimeError, match='closed'):
        short_lived(astronaut)


@pytest.mark.parametrize('picture', [None, 'photo.jpg', [['a']], 3])
def test_what_is_no_picture_is_told(stylizer, picture):
    with pytest.raises(UserError, match='a picture must be an array or one of Pillow, not'):
        stylizer(picture)
