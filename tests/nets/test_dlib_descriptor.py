"""dlib's descriptor network: the graph against dlib itself, its gradient, and files that are something else."""
import dlib
import numpy as np
import pytest
from skimage import data

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.face.detector import FaceDetector
from dctnet.face.installed_models import DESCRIPTOR, LANDMARKS, installed_model
from dctnet.nets import dlib_descriptor
from dctnet.nets.dlib_file import read_descriptor_weights


@pytest.fixture(scope='module')
def weights():
    return read_descriptor_weights(installed_model(DESCRIPTOR))


@pytest.fixture(scope='module')
def chip():
    """uint8 [150, 150, 3] RGB."""
    astronaut = data.astronaut()
    box = FaceDetector().detect(np.ascontiguousarray(astronaut[:, :, ::-1]))[0].box
    shape = dlib.shape_predictor(str(installed_model(LANDMARKS)))(
        astronaut, dlib.rectangle(*[int(v) for v in box]))
    return dlib.get_face_chip(astronaut, shape, 150, 0.25)


def test_weights_are_all_of_the_network(weights):
    # The affine layers are folded into the biases: 8 704 numbers of theirs are not counted apart.
    count = sum(kernel.size + bias.size for kernel, bias in weights.convolutions) + weights.matrix.size
    affine = 2 * sum(bias.size for _, bias in weights.convolutions)
    assert len(weights.convolutions) == 29 and weights.matrix.shape == (256, 128)
    assert count + affine == 5614592


def test_descriptor_equals_dlibs(weights, chip):
    other = chip[:, ::-1].copy()
    model = dlib.face_recognition_model_v1(str(installed_model(DESCRIPTOR)))
    expected = [np.array(model.compute_face_descriptor(picture)) for picture in (chip, other)]
    graph = frozen.FrozenGraph(dlib_descriptor.freeze_graph(weights), [dlib_descriptor.INPUT], [dlib_descriptor.OUTPUT])
    bgr = np.stack([chip, other])[..., ::-1].astype(np.float32) / 127.5 - 1
    assert np.abs(graph(bgr) - expected).max() < 1e-5
    assert np.linalg.norm(expected[0] - expected[1]) > 1e-3  # a descriptor that ignored its picture would pass above
    graph.close()


def test_gradient_reaches_the_whole_picture(weights, chip):
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.constant(chip[None, :, :, ::-1].astype(np.float32) / 127.5 - 1)
        gradient = session.run(tf.gradients(tf.reduce_sum(dlib_descriptor.descriptor(image, weights) ** 2), image)[0])
    assert np.isfinite(gradient).all() and np.mean(gradient != 0) > 0.9


@pytest.mark.parametrize('content', [b'', b'hello', None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / 'model.dat'
    path.write_bytes(installed_model(DESCRIPTOR).read_bytes()[:3000000] if content is None else content)
    with pytest.raises(UserError, match='model.dat'):
        read_descriptor_weights(path)


def test_damage_at_any_place_is_told_or_harmless(tmp_path):
    whole, rng = installed_model(DESCRIPTOR).read_bytes()[:200000], np.random.RandomState(0)
    marks = [place for place in range(4000) if whole[place:place + 5] == b'con_4'] or [0]
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.randint(0, 40, 2):
            data[marks[0] + 5 + place] = rng.randint(256)
        (tmp_path / 'model.dat').write_bytes(bytes(data))
        with pytest.raises(UserError, match='model.dat'):
            read_descriptor_weights(tmp_path / 'model.dat')


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match='none.dat'):
        read_descriptor_weights(tmp_path / 'none.dat')
