"""What several tests share: pictures and a quick content network for training, a model and a detector for inference,
and a disk that fills up."""
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

from dctnet import process

process.prepare()  # before any test loads TensorFlow

_QUICK = {'graphs': True}  # whether the test that runs takes graphs as they are built


@pytest.fixture(scope='session', autouse=True)
def own_cache():
    """No test reads or fills the user's cache."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, 'XDG_CACHE_HOME', folder)
        yield


@pytest.fixture(scope='session', autouse=True)
def graph_mode():
    """As the commands choose it."""
    from dctnet import compat
    compat.graph_mode()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    _QUICK['graphs'] = item.get_closest_marker('long') is None


@pytest.fixture(scope='session', autouse=True)
def quick_graphs():
    """Graphs run as they are built, but in tests that are marked long: to optimise a tiny network takes longer than to
    run it. Precisions are one of the optimisations, so sessions that ask for one are left alone."""
    from dctnet.compat import PRECISION_REWRITES, tf
    start = tf.Session.__init__

    def quick(session, target='', graph=None, config=None):
        own = tf.ConfigProto()
        if config is not None:
            own.CopyFrom(config)
        rewrites = own.graph_options.rewrite_options
        if _QUICK['graphs'] and not any(getattr(rewrites, name, 0) for name in PRECISION_REWRITES.values()):
            rewrites.disable_meta_optimizer = True
        start(session, target, graph, own)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.Session, '__init__', quick)
        yield


@pytest.fixture()
def heeded_hangups():
    """SIGHUP counts, also if the tests were started by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture()
def quick_export(monkeypatch):
    """Exported files are held against the live graph on small images."""
    from dctnet.exporters import parity
    monkeypatch.setattr(parity, 'SIZES', ((32, 32), (20, 28), (16, 24)))


@pytest.fixture()
def small_disk(tmp_path):
    """A disk of 1 MB, where the system lets us make one."""
    place = tmp_path / 'disk'
    place.mkdir()
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(place)], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    if mounted.returncode:
        pytest.skip(f'this user may not mount a tmpfs: {mounted.stdout.decode().strip()}')
    yield place
    subprocess.run(['umount', '-l', str(place)], check=True)


@pytest.fixture(scope='session')
def pictures(tmp_path_factory):
    """A folder with photo/ and style/; not to be changed."""
    from tests.training.tiny_training import write_pictures
    return write_pictures(tmp_path_factory.mktemp('pictures'))


@pytest.fixture(scope='session')
def trained_once(tmp_path_factory, pictures):
    """A generator alone after four steps, with checkpoints of 2 and 4; copied by `trained`."""
    from dctnet import train
    from tests.training.tiny_training import plain
    run = tmp_path_factory.mktemp('trained') / 'run'
    assert train.main(plain(pictures, run)) == 0
    return run


@pytest.fixture()
def trained(trained_once, tmp_path):
    shutil.copytree(str(trained_once), str(tmp_path / 'trained'))
    return tmp_path / 'trained'


@pytest.fixture(scope='session')
def detector():
    """Finds faces. Loading the landmarks model takes a second: once is enough for all tests."""
    from dctnet.face.detector import FaceDetector
    return FaceDetector()


@pytest.fixture(scope='module')
def one_detector(detector):
    """The detector that is there already, in every stylizer of a module."""
    from dctnet.inference import stylizer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stylizer, 'FaceDetector', lambda **options: detector)
        yield


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """A model folder of tiny graphs: heads inverted, background darkened."""
    from tests.inference.tiny_graphs import write_model
    return write_model(tmp_path_factory.mktemp('model'))
