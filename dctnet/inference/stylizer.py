"""Stylizer: a BGR image in, its translation of the same size out (docs/recipe.md, "Fusion")."""
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

import cv2
import numpy as np
from PIL import Image

from dctnet import images
from dctnet.errors import UserError
from dctnet.face import alignment
from dctnet.face.detector import Face, FaceDetector
from dctnet.inference import fusion
from dctnet.inference.graph_translator import GraphTranslator
from dctnet.inference.model_folder import find_files
from dctnet.parallel import core_count
from dctnet.part_times import PartTimes

log = logging.getLogger(__name__)

# Mode single enlarges an image until its face has the training size, but not beyond this: minutes and gigabytes.
MAX_SINGLE_PIXELS = 4000000
# Pictures at the same time, each of which needs memory of its own on a CPU, while batches bound that of a GPU.
_MOST_ON_CPU, _MOST_ON_GPU = 4, 16
Settle = Callable[[fusion.Head, np.ndarray, np.ndarray], np.ndarray]

Picture = Union[np.ndarray, Image.Image]
Pictures = Union[List[Picture], Tuple[Picture, ...]]


class Stylized(NamedTuple):
    """A translated image. Everything but working_size is in pixels of the input image.

    image: uint8 [H, W, 3] BGR, the input's size.
    faces: those that were used, largest first; `face.size` is the width of its box.
    working_size: height and width at which the background graph saw the image.
    seconds: by the clock, of finding faces (beside the background), background, heads, and fusing.
    """
    image: np.ndarray
    faces: List[Face]
    working_size: Tuple[int, int]
    seconds: Dict[str, float]


class Stylizer:
    """Translates images with the frozen graphs of a style. Safe to call from several threads. A context manager, which
    closes it.

    model: folder with cartoon_h.pb, cartoon_bg.pb, perhaps alpha.jpg.
    head, background, mask: files instead of those.
    device: 'auto', 'cpu' or 'gpu'.
    threads: inside one operation; 0: TensorFlow's choice.
    mode: 'fusion' (the head graph on every face over the background graph on the image) or 'single' (the paper's
        own way: the background graph alone, on the image scaled so that the largest face has the training size), or
        'whole' (the background graph alone, without a search for faces: for aligned ones).
    faces: 'all', 'largest', or how many of the largest.
    short_side: modes fusion and whole work at this many pixels if the image is larger.
    training_size: side of the generator's training images in pixels; mode single scales faces to it.
    detector: finds faces, instead of a FaceDetector as it is.
    at_once: in how many threads it is called best, if there are as many images: one a core, at most 4 on a CPU.

    Raises UserError if a file is missing or no translator, or an option is out of range.
    """

    def __init__(self, model: Optional[Path] = None, head: Optional[Path] = None, background: Optional[Path] = None,
                 mask: Optional[Path] = None, device: str = 'auto', threads: int = 0, mode: str = 'fusion',
                 faces: Union[str, int] = 'all', short_side: int = 720, training_size: int = 256,
                 detector: Optional[FaceDetector] = None) -> None:
        if mode not in ('fusion', 'single', 'whole'):
            raise UserError(f'mode {mode!r} is unknown: choose fusion, single or whole')
        if faces not in ('all', 'largest') and not (isinstance(faces, int) and faces >= 1):
            raise UserError(f'faces {faces!r} is unknown: choose all, largest or a number from 1')
        if min(short_side, training_size) < 16:
            raise UserError(f'short side {short_side} and training size {training_size} must be at least 16 pixels')
        model, head, background, mask = (
            Path(path) if path is not None else None for path in (model, head, background, mask))
        files = find_files(model, head, background, mask, needs_head=mode == 'fusion')

        self._mode, self._short_side, self._training_size = mode, short_side, training_size
        self._face_limit = None if faces == 'all' else 1 if faces == 'largest' else int(faces)
        self._mask = _read_mask(files.mask) if files.mask else alignment.ellipse_mask()
        self._background = GraphTranslator(files.background, device, threads)
        self._head = self._background
        if files.head and files.head.read_bytes() != files.background.read_bytes():
            self._head = GraphTranslator(files.head, device, threads)
        self.detector = detector or FaceDetector(turning=True)
        most = _MOST_ON_GPU if self._background.on_gpu else _MOST_ON_CPU
        self.at_once = min(most, core_count())

    def __call__(self, picture: Union[Picture, Pictures]) -> Any:
        """A picture of any size -> its translation of the same size and kind. One without a face gets the background
        graph alone.

        picture: uint8 [H, W, 3] BGR; or a picture of Pillow, whose translation is RGB; or several, of any sizes, some
            at the same time (`at_once`).
        """
        if isinstance(picture, (list, tuple)):
            with ThreadPoolExecutor(self.at_once) as pool:
                return list(pool.map(self, picture))
        if isinstance(picture, Image.Image):
            return images.to_pillow(self.stylize(images.read_pillow(picture)).image)
        return self.stylize(picture).image

    def __enter__(self) -> 'Stylizer':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stylize(self, image: np.ndarray) -> Stylized:
        """As calling it, but with the faces that were found. Raises UserError if the array is no image or the
        memory does not suffice."""
        if not isinstance(image, np.ndarray):
            raise UserError(f'a picture must be an array or one of Pillow, not {type(image).__name__}')
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise UserError(f'a picture must be uint8 [height, width, 3] BGR, not {image.dtype} {list(image.shape)}')
        times = PartTimes()
        with ThreadPoolExecutor(1) as beside:
            search = beside.submit(self._faces, image, times)
            if self._mode == 'single' and search.result():
                faces = search.result()
                working = self._at_training_size(image, faces[0])
                with times.part('background'):
                    translation = fusion.translate_whole(working, self._background)
                with times.part('fusing'):
                    back = images.scale(translation, image.shape[1], image.shape[0])
            else:
                working = self._at_short_side(image)
                if working.shape != image.shape:
                    log.info('%dx%d is translated at %dx%d and scaled back (short side %d)', image.shape[1],
                             image.shape[0], working.shape[1], working.shape[0], self._short_side)
                with times.part('background'):
                    translation = fusion.translate_whole(working, self._background)  # while faces are searched
                faces = search.result()
                with times.part('fusing'):
                    self._add_heads(translation, working, faces, image.shape, times)
                    back = fusion.resize(translation, *image.shape[:2])
        return Stylized(back, faces, (working.shape[0], working.shape[1]), times.seconds)

    def frames_at_once(self, size: Tuple[int, int]) -> int:
        """How many frames [height, width] `stylize_frames` is best given: one on a CPU, more on a GPU."""
        height, width = fusion.reduced_size(size[0], size[1], self._short_side)
        return self._background.images_at_once(height * width)

    def stylize_frames(self, frames: List[np.ndarray], heads: List[List[fusion.Head]],
                       settle: Settle = lambda head, crop, translated: translated) -> List[np.ndarray]:
        """Frames of one size, uint8 [H, W, 3] BGR, in mode fusion, with faces that the caller has found: the
        translations.

        heads: of each frame; where they overlap, a later one lies over an earlier one.
        settle: called for each head in order with its crop and the crop's translation, uint8 [288, 288, 3]; gives what
            is blended in.
        Raises UserError if the memory does not suffice.
        """
        working = [self._at_short_side(frame) for frame in frames]
        padded = [images.pad_to_multiple(image, fusion.PAD_MULTIPLE) for image in working]
        height, width = working[0].shape[:2]
        translations = [image[:height, :width].copy() for image in self._background.batch(padded)]
        inverses = [[alignment.crop_to_image(fusion.move_points(head.points, frame.shape, image.shape))
                     for head in found] for frame, image, found in zip(frames, working, heads)]
        crops = [alignment.head_crop(image, inverse) for image, row in zip(working, inverses) for inverse in row]
        translated = iter(zip(crops, self._head.batch(crops)))
        for image, row, found in zip(translations, inverses, heads):
            for inverse, head in zip(row, found):
                settled = settle(head, *next(translated))
                alignment.blend_head(image, settled, inverse, self._mask * np.float32(head.opacity))
        return [fusion.resize(image, *frame.shape[:2]) for image, frame in zip(translations, frames)]

    def close(self) -> None:
        """Free the graphs' memory; the object cannot be called any more."""
        self._background.close()
        if self._head is not self._background:
            self._head.close()

    def _faces(self, image: np.ndarray, times: PartTimes) -> List[Face]:
        with times.part('faces'):
            return self.detector.detect(image)[:self._face_limit] if self._mode != 'whole' else []

    def _add_heads(self, translation: np.ndarray, working: np.ndarray, faces: List[Face],
                   shape: Tuple[int, ...], times: PartTimes) -> None:
        """Into the translation of `working`, the heads of faces on an image of `shape`."""
        def translate(crops: List[np.ndarray]) -> List[np.ndarray]:
            with times.part('heads', within='fusing'):
                return self._head.batch(crops)

        # Smallest first: where heads overlap, the largest is the nearest and lies on top.
        marks = [fusion.move_points(face.landmarks, shape, working.shape) for face in reversed(faces)]
        points = [alignment.five_points(working, face) for face in marks]
        fusion.add_heads(translation, working, points, translate, self._mask)

    def _at_short_side(self, image: np.ndarray) -> np.ndarray:
        return fusion.resize(image, *fusion.reduced_size(image.shape[0], image.shape[1], self._short_side))

    def _at_training_size(self, image: np.ndarray, face: Face) -> np.ndarray:
        height, width = image.shape[:2]
        best = fusion.training_scale(face.landmarks, self._training_size)
        factor = min(best, math.sqrt(MAX_SINGLE_PIXELS / float(height * width)))
        if factor < best:
            log.warning('the face is translated at %.0f %% of the training size %d, since the whole picture would '
                        'have %.0f megapixels with it: crop the picture, or use mode fusion', 100 * factor / best,
                        self._training_size, best * best * height * width / 1e6)
        new_height, new_width = (max(1, int(round(side * factor))) for side in (height, width))
        log.info('%dx%d is translated at %dx%d and scaled back (training size %d)', width, height, new_width,
                 new_height, self._training_size)
        return images.scale(image, new_width, new_height)


def _read_mask(path: Path) -> np.ndarray:
    return alignment.mask_from_image(cv2.cvtColor(images.read_bgr(path), cv2.COLOR_BGR2GRAY))
