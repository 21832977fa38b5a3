"""Training material that may be shipped: views of scikit-image's public-domain astronaut, and exemplars made from it
with classical filters."""
from pathlib import Path
from typing import List

import cv2
import numpy as np
from skimage import data

from dctnet import images

from .comic_drawing import comic_drawing

_SCALES = (0.75, 1.0, 1.25)  # of the portrait before it is drawn: lines and flat areas keep their size in pixels
_EVEN = np.array([0.7548777, 0.5698403])  # steps of a sequence that fills the unit square evenly
_INK = np.array([70, 25, 35], np.float32)  # BGR
_TONES = 5


def portrait() -> np.ndarray:
    """The astronaut, uint8 [512, 512, 3] BGR (NASA, public domain; part of the scikit-image package)."""
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def views(image: np.ndarray, count: int, size: int, seed: int) -> np.ndarray:
    """Random windows of an image, rotated, mirrored and scaled: uint8 [count, size, size, 3].

    image: uint8 [H, W, 3].
    count, size: of the windows; the side in pixels.
    seed: of the draws.
    """
    rng = np.random.RandomState(seed)
    result = []
    for _ in range(count):
        side = rng.uniform(0.9, 2.2) * size
        centre = rng.uniform(side / 2, np.array(image.shape[1::-1]) - side / 2)
        to_view = np.asarray(cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), rng.uniform(-20, 20),
                                                     size / side), np.float64)
        to_view[:, 2] += size / 2 - centre
        view = cv2.warpAffine(image, to_view, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
        result.append(view[:, ::-1] if rng.randint(2) else view)
    return np.stack(result)


def windows(image: np.ndarray, count: int, size: int, seed: int) -> List[np.ndarray]:
    """Windows that cover an image evenly, turned and mirrored at random, never scaled: uint8 [size, size, 3] each.

    Few windows at random places would have other colours than the image. image, count, size, seed: as of `views`.
    """
    rng = np.random.RandomState(seed)
    start, result = rng.uniform(size=2), []
    for index in range(count):
        centre = (start + index * _EVEN) % 1 * image.shape[1::-1]
        turn = np.asarray(cv2.getRotationMatrix2D((centre[0], centre[1]), rng.uniform(-20, 20), 1.0), np.float64)
        turn[:, 2] += size / 2 - centre
        window = cv2.warpAffine(image, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        result.append(window[:, ::-1] if rng.randint(2) else window)
    return result


def portraits(image: np.ndarray, count: int, size: int, seed: int) -> np.ndarray:
    """The head of the astronaut as if photographed several times: turned, squeezed, mirrored, in other light.

    image: uint8 [H, W, 3] BGR, the astronaut.
    count: number of images.
    size: their side in pixels; the face takes about a third of it.
    seed: of the random changes.
    Returns uint8 [count, size, size, 3] BGR.
    """
    rng = np.random.RandomState(seed)
    face = np.array([224.0, 115.0])
    result = []
    for _ in range(count):
        angle, mirror = np.deg2rad(rng.uniform(-12, 12)), rng.choice([-1, 1])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        to_portrait = turn.dot(np.diag(rng.uniform(0.85, 1.15, 2) * size / 230 * [mirror, 1]))
        shift = size / 2 + rng.uniform(-0.05, 0.05, 2) * size - to_portrait.dot(face)
        view = cv2.warpAffine(image, np.hstack([to_portrait, shift[:, None]]), (size, size), flags=cv2.INTER_AREA,
                              borderMode=cv2.BORDER_REFLECT_101)
        lit = 255 * (view / 255.0) ** rng.uniform(0.7, 1.4) * rng.uniform(0.85, 1.1, 3)
        result.append(np.clip(lit, 0, 255).astype(np.uint8))
    return np.stack(result)


def paint(image: np.ndarray) -> np.ndarray:
    """A print by mean shift, posterised night-to-sand tones and fine ink lines. uint8 BGR, same shape."""
    lab = cv2.cvtColor(cv2.pyrMeanShiftFiltering(image, 12, 28), cv2.COLOR_BGR2LAB).astype(np.float32)
    tone = np.clip(np.floor(lab[:, :, :1] / 255 * _TONES) / (_TONES - 1), 0, 1)
    palette = np.concatenate([40 + 205 * tone, 156 - 30 * tone, 83 + 83 * tone], axis=2)  # Lab in OpenCV's 0-255
    flat = cv2.cvtColor(np.clip(0.35 * lab + 0.65 * palette, 0, 255).astype(np.uint8), cv2.COLOR_LAB2BGR)
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.2)
    paper = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 11, 4)
    share = cv2.GaussianBlur(paper, (0, 0), 0.6).astype(np.float32)[:, :, None] / 255
    return np.rint(flat * share + _INK * (1 - share)).astype(np.uint8)


def write_material(folder: Path, count: int, size: int) -> None:
    """Write FOLDER/photo and FOLDER/style, unpaired, and FOLDER/portrait.png.

    folder: where.
    count: images of photo and of style each.
    size: their side in pixels.
    """
    astronaut = portrait()
    images.write_bgr(folder / 'portrait.png', astronaut)
    photos = [images.scale(astronaut, *[int(scale * side) for side in astronaut.shape[1::-1]]) for scale in _SCALES]
    drawings = [comic_drawing(photo) for photo in photos]
    for name, sources, seed in (('photo', photos, 1), ('style', drawings, 2)):
        each = -(-count // len(sources))
        found = [windows(source, each, size, 10 * seed + index) for index, source in enumerate(sources)]
        for index, view in enumerate(np.concatenate(found)[:count]):
            images.write_bgr(folder / name / f'{index:04d}.png', view)


def write_portraits(folder: Path, image: np.ndarray, count: int, size: int, seed: int) -> None:
    """Write `portraits` as FOLDER/000.png ...; images that are there already stay."""
    for index, view in enumerate(portraits(image, count, size, seed)):
        path = folder / f'{index:03d}.png'
        if not path.exists():
            images.write_bgr(path, view)
