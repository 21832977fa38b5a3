"""What several tests of data_tools share: portraits to align, and a server to download from.

Imports are late: tests of generate_exemplars run where neither dlib nor TensorFlow is installed.
"""
import threading

import pytest


@pytest.fixture(scope='session')
def portraits(tmp_path_factory):
    """A folder of portraits in many forms, a damaged picture and a text; not to be changed."""
    from tests.data_tools.faces import aligning
    folder = tmp_path_factory.mktemp('portraits')
    for name, (picture, options) in aligning.pictures().items():
        picture.save(str(folder / name), **options)
    (folder / 'bad.jpg').write_bytes(b'no picture')
    (folder / 'notes.txt').write_text('not looked at')
    return folder


@pytest.fixture(scope='module')
def quick_detection(detector):
    """align_faces uses the one detector of the tests, quickened; the sizes that it was asked for are noted."""
    from data_tools import align_faces
    asked = []

    def quick(pixels, detect_boxes, turning):
        asked.append(pixels)
        patch.setattr(detector, 'detect_boxes', detect_boxes)
        return detector

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, 'pixels', 160000)
        patch.setattr(align_faces, 'FaceDetector', quick)
        yield asked


@pytest.fixture()
def trio(portraits, tmp_path):
    """A folder of its own with three pictures, four faces."""
    folder = tmp_path / 'trio'
    folder.mkdir()
    for name in ('exif.jpg', 'plain.JPEG', 'two.png'):
        (folder / name).write_bytes((portraits / name).read_bytes())
    return folder


@pytest.fixture()
def server(monkeypatch):
    """Serves net.bin; the environment names neither proxy nor mirror, and nobody waits before a new attempt."""
    from data_tools import fetch
    from data_tools.weights import download
    from tests.data_tools import file_server
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', fetch.MIRROR):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, 'PAUSES', (0, 0))
    with file_server.running() as running:
        running.files['net.bin'] = file_server.DATA
        yield running


@pytest.fixture()
def bring(server, tmp_path):
    """fetch() of an entry that knows everything, or what the arguments say, into OUT/."""
    import yaml

    from data_tools import fetch
    from tests.data_tools.file_server import DATA, SHA256

    def call(folder=tmp_path / 'out', **changes):
        entry = {'file': 'net.bin', 'source': 'https://example.org/page', 'urls': [server.url('net.bin')],
                 'sha256': SHA256, 'md5': None, 'size': len(DATA), 'verified_by': 'the test', 'licence': 'CC0-1.0',
                 'used_by': 'a test', 'import': 'python -m data_tools.import_weights vgg19 net.bin', 'makes': None}
        entry.update(changes)
        manifest = tmp_path / 'checkpoints' / 'manifest.yaml'
        manifest.parent.mkdir(exist_ok=True)
        written = manifest.with_name(f'{threading.get_ident()}.yaml')
        written.write_text(yaml.safe_dump({'net': entry}))
        written.replace(manifest)  # at once: another thread may be reading it
        return fetch.fetch('net', folder, manifest)
    call.target = tmp_path / 'out' / 'net.bin'
    call.part = tmp_path / 'out' / 'net.bin.part'
    return call
