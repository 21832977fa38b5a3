"""What several tests of the training share: pictures, and a content network that is built in no time."""
import pytest


@pytest.fixture(scope='session')
def pictures(tmp_path_factory):
    """A folder with photo/ and style/; not to be changed."""
    from tests.tiny_training import write_pictures
    return write_pictures(tmp_path_factory.mktemp('pictures'))


@pytest.fixture()
def tiny_content(monkeypatch):
    """One convolution in the place of VGG19."""
    from dctnet import ttn_training
    from tests.tiny_training import content_network
    monkeypatch.setattr(ttn_training, '_content_network', content_network)
