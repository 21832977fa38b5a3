"""The styles of a folder of model folders, loaded when they are asked for, a few at a time."""
import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Tuple

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME
from dctnet.web import clips

if TYPE_CHECKING:  # the real import loads TensorFlow, which the page does not wait for
    from dctnet.inference.stylizer import Stylized, Stylizer

log = logging.getLogger(__name__)

MAX_LOADED = 4  # styles in memory at the same time; one for pictures and the same for clips count as two
_PREVIEW = (slice(0, 300), slice(74, 374))  # the head of scikit-image's astronaut
_PREVIEW_SIDE = 224
Stamp = Tuple[Tuple[int, int], ...]  # (time, size) of a style's graphs


def find_styles(models: Path) -> Dict[str, Path]:
    """Name -> model folder, in the order of the names: the folders inside `models`, or `models` itself if it is one.
    In names that are no UTF-8, what is none becomes \\udcff ...

    Empty if none is left. Hidden folders and folders without both graphs are left out.
    """
    if _is_model(models):
        return {_shown(models.resolve().name): models}
    try:
        found = sorted(path for path in models.iterdir() if not path.name.startswith('.') and _is_model(path))
    except OSError:  # it vanished: an empty gallery says so
        return {}
    return {_shown(path.name): path for path in found}


def _shown(name: str) -> str:
    return atomic.text_bytes(name).decode()


def check_folder(models: Path) -> None:
    """Raise UserError if there is no style to show."""
    if not models.is_dir():
        raise UserError(f'folder of styles {models} {"is a file" if models.exists() else "does not exist"}: name a '
                        'folder of model folders')
    if not find_styles(models):
        raise UserError(f'no style in {models}: it needs a folder for each, with {HEAD_NAME} and {BACKGROUND_NAME} '
                        '(python -m dctnet.export makes them)')


def _is_model(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (HEAD_NAME, BACKGROUND_NAME))


class Gallery:
    """Styles by name. Its methods that translate are for one thread, `find` and `preview` for any.

    models: folder of model folders, or one model folder.
    device: for the graphs: 'auto', 'cpu' or 'gpu'.
    """

    def __init__(self, models: Path, device: str = 'auto') -> None:
        self._models, self._device = models, device
        self._loaded: 'OrderedDict[Tuple[str, bool], Tuple[Stamp, Stylizer]]' = OrderedDict()
        self._previews: Dict[str, bytes] = {}
        self._tried: Dict[str, Stamp] = {}

    def find(self) -> Dict[str, Path]:
        """The styles that are there now, name -> model folder."""
        return find_styles(self._models)

    def preview(self, name: str) -> Optional[bytes]:
        """A portrait in a style, as JPEG; None while there is none."""
        return self._previews.get(name)

    def translate(self, name: str, photo: np.ndarray) -> 'Stylized':
        """A photograph in a style: uint8 [H, W, 3] BGR. Raises UserError if the style is gone, or damaged."""
        return self._stylizer(name).stylize(photo)

    def for_clips(self, name: str) -> 'Stylizer':
        """A style ready for the frames of clips. Raises UserError as `translate` does."""
        return self._stylizer(name, for_clips=True)

    def portrait(self, name: str) -> bytes:
        """A public-domain portrait in a style, as JPEG."""
        from skimage import data
        photo = np.ascontiguousarray(data.astronaut()[_PREVIEW][:, :, ::-1])
        return images.encoded(Path('preview.jpg'), self.translate(name, images.square(photo, _PREVIEW_SIDE)).image)

    def make_next_preview(self) -> bool:
        """Make the preview of a style that is new or was exported again; False if there is nothing to do. A style that
        fails is not tried again."""
        for name, folder in self.find().items():
            try:
                stamp = _stamp(folder)
                if self._tried.get(name) != stamp:
                    self._tried[name] = stamp
                    self._previews[name] = self.portrait(name)
                    return True
            except UserError as error:
                log.warning('no preview of %s: %s', name, error)
        return False

    def close(self) -> None:
        """Free all graphs."""
        while self._loaded:
            self._loaded.popitem()[1][1].close()

    def _stylizer(self, name: str, for_clips: bool = False) -> 'Stylizer':
        folder = self.find().get(name)
        if folder is None:
            raise UserError(f'style {name} is not there any more: choose another one')
        stamp = _stamp(folder)
        key = name, for_clips
        if key in self._loaded and self._loaded[key][0] != stamp:  # exported again
            self._loaded.pop(key)[1].close()
        if key not in self._loaded:
            while len(self._loaded) >= MAX_LOADED:
                self._loaded.popitem(last=False)[1][1].close()
            self._loaded[key] = (stamp, _load(folder, self._device, for_clips))
        self._loaded.move_to_end(key)
        return self._loaded[key][1]


def _load(folder: Path, device: str, for_clips: bool) -> 'Stylizer':
    from dctnet.inference.stylizer import Stylizer
    if not for_clips:
        return Stylizer(model=folder, device=device)
    from dctnet.video.faces import steady_detector
    return Stylizer(model=folder, device=device, short_side=clips.SHORT_SIDE, detector=steady_detector())


def _stamp(folder: Path) -> Stamp:
    try:
        found = [(folder / name).stat() for name in (HEAD_NAME, BACKGROUND_NAME)]
    except OSError:
        raise UserError(f'style {folder.name} is not there any more: choose another one') from None
    return tuple((status.st_mtime_ns, status.st_size) for status in found)
