"""ModelScope's pipeline 'image-portrait-stylization' by a Stylizer."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import cv2
import numpy as np
from PIL import Image

from dctnet import images
from dctnet.errors import UserError
from dctnet.inference.model_folder import find_files
from dctnet.modelscope import remote_picture
from dctnet.modelscope.hub import local_model
from dctnet.modelscope.names import OutputKeys, Tasks

Picture = Union[str, Path, Image.Image, np.ndarray]
Output = Dict[str, np.ndarray]


def pipeline(task: str, model: Union[Path, str, None] = None, device: str = 'auto',
             allow_urls: Optional[bool] = None) -> Pipeline:
    """A pipeline as ModelScope's function of this name gives it.

    task: 'image-portrait-stylization'.
    model: model folder, ours or a released one, or the name of one that ModelScope has downloaded.
    device: 'auto', 'cpu' or 'gpu'.
    allow_urls: fetch pictures that are given as http:// or https:// addresses; None: as the environment variable
        DCTNET_ALLOW_URLS says (1 allows it).
    Raises UserError for another task or device, and for a folder that is no model.
    """
    if task != Tasks.image_portrait_stylization:
        raise UserError(f'task {task!r} is unknown: {Tasks.image_portrait_stylization!r} is the only one here')
    if device not in ('auto', 'cpu', 'gpu'):
        raise UserError(f'device {device!r} is unknown: choose auto, cpu or gpu')
    if model is None:
        raise UserError(f'task {task!r} needs a model: name a model folder')
    return Pipeline(local_model(model), device,
                    remote_picture.allowed_by_environment() if allow_urls is None else allow_urls)


class Pipeline:
    """Portraits to cartoons. Safe to call from several threads.

    model: model folder.
    device: 'auto', 'cpu' or 'gpu'.
    allow_urls: fetch pictures from the web.
    Raises UserError if the folder is no model.
    """

    def __init__(self, model: Path, device: str, allow_urls: bool) -> None:
        find_files(model, None, None, None, needs_head=True)  # before TensorFlow loads, which takes seconds
        from dctnet.inference.stylizer import Stylizer
        self._stylizer, self._allow_urls = Stylizer(model, device=device), allow_urls

    def __call__(self, input: Union[Picture, List[Picture]]) -> Any:
        """{'output_img': the cartoon, uint8 [H, W, 3] BGR}, of the picture's size, with or without a face in it; a
        list of them for a list.

        input: a path, an address, a picture of Pillow, or uint8 [H, W, 3] BGR or [H, W] grey.
        Raises UserError if it is none of these, cannot be read, or is an address and none is allowed.
        """
        if isinstance(input, (list, tuple)):
            with ThreadPoolExecutor(self._stylizer.at_once) as pool:
                return list(pool.map(self, input))
        return {OutputKeys.OUTPUT_IMG: self._stylizer(self._bgr(input))}

    def _bgr(self, picture: Picture) -> np.ndarray:
        if isinstance(picture, str) and remote_picture.is_url(picture):
            if not self._allow_urls:
                raise UserError(f'{picture} is not fetched: download it and name its file, or allow addresses with '
                                f'pipeline(..., allow_urls=True) or {remote_picture.ALLOW}=1')
            return remote_picture.fetch_bgr(picture)
        if isinstance(picture, (str, Path)):
            return images.read_bgr(Path(picture))
        if isinstance(picture, Image.Image):
            return images.read_pillow(picture)
        if not isinstance(picture, np.ndarray):
            raise UserError(f'a {type(picture).__name__} is no picture: give a path, a picture of Pillow, or an array '
                            'uint8 [height, width, 3] BGR')
        if picture.ndim == 2 and picture.dtype == np.uint8 and picture.size:
            return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        return np.ascontiguousarray(picture)  # img[..., ::-1] is a view that OpenCV does not take

    def close(self) -> None:
        """Free the graphs' memory; the object cannot be called any more."""
        self._stylizer.close()
