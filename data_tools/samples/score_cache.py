"""Scores of images that have not changed since, kept in one file: what is measured once need not be again."""
import json
import logging
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

from dctnet.files import atomic, kept_file

log = logging.getLogger('scores')

Measure = Callable[[Sequence[str]], List[Any]]

_VERSION = 1  # of the measures: scores of another version are measured again
_CHUNK = 128  # images between two savings


class ScoreCache:
    """kind of measure -> image's name -> (stamp, scores). A damaged or missing file is an empty cache."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kinds: Dict[str, Dict[str, Any]] = kept_file.read_json(path, _VERSION, _kinds) or {}

    def measure(self, kind: str, stamps: Dict[str, Any], prepare: Callable[[], Measure]) -> Dict[str, Any]:
        """Scores of every image in `stamps` (name -> what they depend on, as plain JSON), in that order.

        prepare: gives the measure, names -> scores (plain JSON); called only if some are missing. The measure gets
        some of these names at a time, and the file is saved after each call.
        """
        before = self._kinds.get(kind, {})
        entries = {name: before[name] for name, stamp in stamps.items() if name in before and before[name][0] == stamp}
        self._kinds[kind] = entries
        missing = [name for name in stamps if name not in entries]
        if missing:
            self._measure_missing(kind, entries, {name: stamps[name] for name in missing}, prepare())
        return {name: entries[name][1] for name in stamps}

    def _measure_missing(self, kind: str, entries: Dict[str, Any], stamps: Dict[str, Any], measure: Measure) -> None:
        missing, start = list(stamps), time.time()
        for first in range(0, len(missing), _CHUNK):
            names = missing[first:first + _CHUNK]
            entries.update((name, [stamps[name], score]) for name, score in zip(names, measure(names)))
            atomic.write_text(self._path, json.dumps({'version': _VERSION, 'kinds': self._kinds}))
            done = first + len(names)
            log.info('%s: %d of %d  %.1f images/s', kind, done, len(missing), done / (time.time() - start))


def _kinds(content: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
    return {kind: {name: [stamp, scores] for name, (stamp, scores) in entries.items()}
            for kind, entries in content['kinds'].items()}
