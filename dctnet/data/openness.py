"""The openness of eyes and mouth of every training photograph, measured once and kept in a file beside them."""
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.face.detector import FaceDetector
from dctnet.face.measures import openness
from dctnet.files import kept_file
from dctnet.files.hashing import sha256_of_file

log = logging.getLogger(__name__)

FILE_NAME = 'openness.json'
_VERSION = 1  # of the measurement: values of another version are measured again
_FEWEST_KNOWN = 0.1
REPORT_SECONDS = 20.0
LEAST_DEVIATION = 0.01


def photo_openness(paths: Sequence[Path], workers: int, keep: bool = True) -> Dict[Path, np.ndarray]:
    """File -> float32 [3] openness (face.measures.openness) of its largest face, NaN if none is found.

    workers: threads that measure. keep: False reads the file of earlier values, but does not write it.

    Values are kept in openness.json in the folder of the first photograph, with a hash of each file, so that a changed
    file is measured again. If the folder is read-only, a warning is logged and the values are measured again next time.
    Raises UserError if fewer than one in ten photographs shows a face.
    """
    file = paths[0].parent / FILE_NAME
    names = {path: os.path.relpath(str(path), str(file.parent)) for path in paths}
    kept = kept_file.read_json(file, _VERSION, _entries) or {}

    def write() -> bool:
        entries = {names[path]: {'sha256': hashes[path], 'openness': values} for path, values in measured.items()}
        content = {'version': _VERSION, 'photographs': dict(kept, **entries)}
        return kept_file.write_text(file, json.dumps(content, indent=1, sort_keys=True) + '\n')

    with ThreadPoolExecutor(workers) as pool:
        hashes = dict(zip(paths, pool.map(sha256_of_file, paths)))
        measured = {path: kept[names[path]]['openness'] for path in paths
                    if kept.get(names[path], {}).get('sha256') == hashes[path]}
        missing = [path for path in paths if path not in measured]
        if missing:
            log.info('measuring the openness of eyes and mouth in %d photographs', len(missing))
            detector, reported = FaceDetector(), time.perf_counter()
            for path, values in zip(missing, pool.map(lambda path: _measure(detector, path), missing)):
                measured[path] = values
                if time.perf_counter() > reported + REPORT_SECONDS:
                    log.info('measured %d of %d photographs', len(measured), len(paths))
                    reported = time.perf_counter()
                    keep = keep and write()  # an interrupted start need not begin again
            keep = keep and write()
    result = {path: np.array([np.nan] * 3 if measured[path] is None else measured[path], np.float32) for path in paths}
    _check(result, paths[0].parent)
    return result


def spread(measured: Dict[Path, np.ndarray]) -> np.ndarray:
    """float32 [2, 3]: mean and standard deviation of the openness over the photographs in which it is known.

    measured: file -> its openness [3], of `photo_openness`.

    Both eyes share theirs, so that a photograph and its mirror image are treated alike. A standard deviation is at
    least LEAST_DEVIATION, for photographs that are all alike.
    """
    known = np.array([values for values in measured.values() if np.isfinite(values).all()], np.float64)
    parts = [known[:, :2], known[:, :2], known[:, 2]]  # left eye, right eye, mouth
    return np.array([[part.mean() for part in parts], [max(part.std(), LEAST_DEVIATION) for part in parts]], np.float32)


def _measure(detector: FaceDetector, path: Path) -> Optional[List[float]]:
    """The openness as JSON holds it: None if no face is found, or one too small to measure."""
    image = images.read_bgr(path)
    faces = detector.detect(images.square(image, min(image.shape[:2])))  # the part that the training sees
    values = openness(faces[0].landmarks) if faces else np.full(3, np.nan)
    return [float(value) for value in values] if np.isfinite(values).all() else None


def _entries(content: dict) -> Dict[str, dict]:
    """Raises ValueError, TypeError or KeyError if they are not what is written."""
    entries = {name: {'sha256': str(entry['sha256']), 'openness': entry['openness']}
               for name, entry in content['photographs'].items()}
    for entry in entries.values():
        if entry['openness'] is not None and np.shape(np.array(entry['openness'], np.float32)) != (3,):
            raise ValueError('openness is three numbers')
    return entries


def _check(result: Dict[Path, np.ndarray], folder: Path) -> None:
    without = [path.name for path, values in result.items() if np.isnan(values).any()]
    if len(without) > (1 - _FEWEST_KNOWN) * len(result):
        raise UserError(f'loss.facial needs faces, and {len(without)} of the {len(result)} photographs in {folder} '
                        'show none that is found: use aligned portraits, or set loss.facial=0')
    if without:
        log.warning('no face is found in %d of %d photographs (%s%s): the facial loss leaves them out', len(without),
                    len(result), ', '.join(without[:5]), ' ...' if len(without) > 5 else '')
