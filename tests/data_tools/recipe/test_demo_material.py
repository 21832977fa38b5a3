"""The material of `make demo`: as many photographs as exemplars, others to choose the checkpoint by, and a style that
is a drawing."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.comic_drawing import comic_drawing
from data_tools.recipe.demo_material import portrait, windows, write_material
from dctnet import images
from dctnet.metrics.style_distance import colour_distance


@pytest.mark.long
def test_material_is_not_paired(tmp_path):
    write_material(tmp_path, 4, 32)
    found = {name: [images.read_bgr(path).tobytes() for path in images.list_images(tmp_path / name)]
             for name in ('photo', 'style')}
    assert {name: len(pictures) for name, pictures in found.items()} == {'photo': 4, 'style': 4}
    assert len(set(sum(found.values(), []))) == 8
    assert images.read_bgr(tmp_path / 'portrait.png').shape == (512, 512, 3)


def test_exemplars_have_ink_lines_and_flat_areas():
    pictures = [cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[:, :, 0]
                for picture in (portrait(), comic_drawing(portrait()))]
    lines, flat = [[share(picture) for picture in pictures] for share in (_line_share, _flat_share)]
    assert lines[1] > 1.5 * lines[0] and flat[1] > 2 * flat[0], (lines, flat)


def _line_share(lightness: np.ndarray) -> float:
    """Share of the pixels in almost black lines of less than 9 pixels."""
    filled = cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return float(((filled - lightness > 20) & (lightness < 25)).mean())


def _flat_share(lightness: np.ndarray) -> float:
    """Share of the pixels whose lightness is that of the next one."""
    return float((np.abs(np.diff(lightness, axis=1)) < 0.3).mean())


def test_few_windows_have_the_colours_of_the_whole():
    """At random places their distance is 1.2 to 1.6."""
    distances = [colour_distance(windows(portrait(), 54, 64, seed), [portrait()]) for seed in range(3)]
    assert max(distances) < 1.1, distances
