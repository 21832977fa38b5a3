"""What data_tools.align_faces does with one image: a job, and the files and records that it gives."""
import json
import logging
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.face.detector import FaceDetector, quarters_turned
from dctnet.files.hashing import sha256_of_bytes

from ..folders import face_folder
from . import crops
from .crops import Settings

log = logging.getLogger('align_faces')


class Job(NamedTuple):
    """An image to do.

    path: its file.
    name: of its faces' files.
    stamp: what tells a changed image.
    marks: faces marked by hand, float64 [5, 2] or [68, 2] each; None: a detector finds them.
    """
    path: Path
    name: str
    stamp: Dict[str, Any]
    marks: Optional[List[np.ndarray]]


class Result(NamedTuple):
    """files: name -> content of each usable face. records: the image's lines of the manifest. problem: why the image
    cannot be read, else empty."""
    files: Dict[str, bytes]
    records: List[Dict[str, Any]]
    problem: str


def plan(paths: Sequence[Path], names: Dict[str, str], marks: Dict[str, List[np.ndarray]]) -> List[Job]:
    """What there is to do, in the order of the names.

    paths: all images. names: file name of each -> name of its faces. marks: file name -> its faces marked by hand.
    """
    jobs = []
    for path in paths:
        status = path.stat()
        by_hand = marks.get(path.name)
        digest = by_hand and sha256_of_bytes(json.dumps([face.tolist() for face in by_hand]).encode())[:16]
        stamp = {'source_bytes': status.st_size, 'source_mtime_ns': status.st_mtime_ns, 'hand_landmarks': digest}
        jobs.append(Job(path, names[path.name], stamp, by_hand))
    return jobs


def align(job: Job, detector: Optional[FaceDetector], settings: Settings) -> Result:
    """The faces of one image; nothing is written. The detector may be missing if faces are marked by hand."""
    origin = dict({'source': job.path.name, 'source_size': None}, **job.stamp)
    try:
        image = images.read_bgr(job.path)
    except UserError as error:
        return Result({}, [dict({'file': None, 'rejected': face_folder.UNREADABLE, 'faces': 0}, **origin)], str(error))
    origin['source_size'] = [image.shape[1], image.shape[0]]
    if job.marks is not None:
        marked = [crops.of_hand(image, marks) for marks in job.marks]
    else:
        assert detector is not None, 'needed by every image without marks'
        found = detector.detect(image)
        if found and quarters_turned(found[0]):
            log.warning('%s: faces were found after turning the picture by %d degrees', job.path,
                        90 * quarters_turned(found[0]))
        marked = [crops.of_detector(image, face, settings.detector) for face in found]
    faces = crops.align(image, marked, settings)
    files: Dict[str, bytes] = {}
    records: List[Dict[str, Any]] = []
    for face in faces:
        file = None
        if face.record['rejected'] is None:
            file = face_folder.face_file(job.name, len(files))
            files[file] = images.encoded(Path(file), face.crop)
        records.append(dict({'file': file, 'faces': len(faces)}, **origin, **face.record))
    if not records:
        records.append(dict({'file': None, 'rejected': crops.NO_FACE, 'faces': 0}, **origin))
    return Result(files, records, '')
