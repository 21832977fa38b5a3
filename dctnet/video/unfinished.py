"""What is kept of a clip while it is translated, beside the file that it will be: finished segments and the faces that
were found. The same command goes on with it."""
import json
import shutil
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np

from dctnet.files import atomic, folder_settings, json_file, text_file
from dctnet.video.faces import Sighting

_SETTINGS, _FACES = 'settings.json', 'faces.jsonl'


class Unfinished:
    """The folder NAME.unfinished beside the target. Nothing is written before `begin`.

    target: the file to write at the end.
    settings: plain JSON; all that the frames depend on.
    Raises UserError if the folder is there with other settings.
    """

    def __init__(self, target: Path, settings: Dict[str, Any]) -> None:
        self.folder = target.with_name(target.name + '.unfinished')
        self._settings = settings
        self._lock = threading.Lock()
        self._after_a_cut = self.folder.exists()  # the last line may have no end
        self._places: Dict[int, int] = {}  # in the file: what was found on all frames of a film is too much to hold
        if self.folder.exists():
            folder_settings.check(self.folder / _SETTINGS, settings)
            self._places = _places(self.folder / _FACES)

    def begin(self) -> None:
        """Make the folder, or go on with it."""
        if not self.folder.exists():
            atomic.make_folder(self.folder)
            atomic.write_text(self.folder / _SETTINGS, json.dumps(self._settings, indent=2) + '\n')

    def faces(self, index: int) -> Optional[List[Sighting]]:
        """What was found on a frame before, or None if that is not known."""
        with self._lock:
            place = self._places.pop(index, None)
            if place is None:
                return None
            with open(str(self.folder / _FACES), 'rb') as stream:
                stream.seek(place)
                line = stream.readline()
        try:
            _, found = json_file.parse(text_file.decode(line))
            return [Sighting((box[0], box[1], box[2], box[3]), float(score), np.array(points, np.float64))
                    for box, score, points in found]
        except (ValueError, TypeError, LookupError):  # damaged: the frame is looked at again
            return None

    def keep_faces(self, index: int, found: List[Sighting]) -> None:
        """Remember what was found on a frame."""
        line = json.dumps([index, [[list(face.box), face.score, face.points.tolist()] for face in found]])
        with self._lock, atomic.storage_errors(self.folder / _FACES):
            with open(str(self.folder / _FACES), 'a', encoding='utf-8') as stream:
                stream.write('\n' * self._after_a_cut + line + '\n')
                self._after_a_cut = False

    def remove(self) -> None:
        """The clip is finished."""
        shutil.rmtree(str(self.folder))


def _places(path: Path) -> Dict[int, int]:
    """Where in the file the faces of each frame begin."""
    places: Dict[int, int] = {}
    if path.exists():
        with open(str(path), 'rb') as stream:
            start = 0
            for line in stream:
                try:
                    places[int(json_file.parse(text_file.decode(line))[0])] = start
                except (ValueError, TypeError, LookupError, OverflowError):  # cut off with the power
                    pass
                start += len(line)
    return places
