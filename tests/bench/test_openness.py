"""The comparison of openness: means, chance, and faces that are not found."""
import numpy as np

from dctnet import images
from tests.bench import openness


def test_chance_of_paired_differences():
    rng = np.random.RandomState(0)
    none = [openness.chance(rng.standard_normal(30)) for _ in range(40)]
    assert 0.3 < np.mean(none) < 0.7 and np.mean(np.array(none) < 0.1) < 0.3
    assert openness.chance(rng.standard_normal(30) + 2) < 0.001


def test_differences_are_those_of_eyes_and_mouth(tmp_path, monkeypatch):
    """A face is as open as its picture is bright, its mouth twice as much; black pictures have none."""
    class Detector:
        def detect(self, picture):
            return [Face(picture)] * int(picture.max() > 0)

        def landmarks(self, picture, box):
            return picture

    class Face:
        box = None

        def __init__(self, picture):
            self.landmarks = picture

    monkeypatch.setattr(openness, 'FaceDetector', Detector)
    monkeypatch.setattr(openness, 'openness', lambda picture: picture[0, 0, 0] / 100.0 * np.array([1, 1, 2]))
    for i, value in enumerate((50, 0, 100)):
        images.write_bgr(tmp_path / f'{i}.png', np.full((20, 20, 3), value, np.uint8))
    found = openness.differences(images.list_images(tmp_path), 16,
                                 {'a': lambda photo: photo, 'b': lambda photo: photo + 10})
    np.testing.assert_allclose(found['a'], 0)
    np.testing.assert_allclose(found['b'], [[0.1, 0.2]] * 2)
    text = openness.table(found, 'a', 'b').splitlines()
    assert text[3] == '| b | 0.1000 | 0.2000 |' and text[4].startswith('| p, 2 photographs | 0.')
