"""Clips whose motion is known: one photograph moved by smooth similarities, with the noise and light of a camera."""
import math
from typing import List, NamedTuple, Tuple

import cv2
import numpy as np


class SyntheticClip(NamedTuple):
    """frames: uint8 [H, W, 3] each. motions: float64 [2, 3] each, from pixels of the photograph to those of the
    frame."""
    frames: List[np.ndarray]
    motions: List[np.ndarray]


def moved_photograph(photo: np.ndarray, size: Tuple[int, int], still: int, moving: int, seed: int = 0,
                     scale: float = 1.0, noise: float = 3.0, speed: float = 1.0) -> SyntheticClip:
    """A photograph that stands still and then moves.

    photo: uint8 [h, w, 3].
    size: height and width of the frames.
    still, moving: number of frames of each part.
    scale: of the photograph in the frame.
    noise: standard deviation of each pixel, grey levels; drawn anew for each frame.
    speed: 1: up to about 2 % of the frame's side in a frame.
    """
    random = np.random.RandomState(seed)
    phases = random.uniform(0, 2 * math.pi, 4)
    frames, motions = [], []
    for index in range(still + moving):
        time = max(0, index - still + 1) * speed
        grown = scale * (1 + 0.12 * (math.sin(0.13 * time + phases[0]) - math.sin(phases[0])))
        angle = math.radians(8 * (math.sin(0.17 * time + phases[1]) - math.sin(phases[1])))
        shift = [0.06 * side * (math.sin(rate * time + phase) - math.sin(phase))
                 for side, rate, phase in zip(size[::-1], (0.21, 0.15), phases[2:])]
        motion = similarity(grown, angle, photo.shape, size, shift)
        frame = cv2.warpAffine(photo, motion, size[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        light = 1 + 0.01 * random.randn()
        noisy = frame.astype(np.float32) * light + noise * random.randn(*frame.shape)
        frames.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
        motions.append(motion)
    return SyntheticClip(frames, motions)


def similarity(scale: float, angle: float, from_shape: Tuple[int, ...], to_size: Tuple[int, int],
               shift: List[float]) -> np.ndarray:
    """float64 [2, 3]: scales and turns about the photograph's centre, which comes to the frame's centre plus shift."""
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre = np.array([from_shape[1] - 1, from_shape[0] - 1]) / 2
    target = np.array([to_size[1] - 1, to_size[0] - 1]) / 2 + shift
    return np.column_stack([linear, target - linear.dot(centre)])


def true_flow(former: np.ndarray, now: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    """Where each pixel of the frame of now was in the former one, float32 [H, W, 2], from their motions."""
    whole = [np.vstack([motion, [0, 0, 1]]) for motion in (former, now)]
    back = whole[0].dot(np.linalg.inv(whole[1]))[:2]
    columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    return np.stack([columns, rows, np.ones_like(rows)], axis=-1).astype(np.float64).dot(back.T).astype(np.float32)
