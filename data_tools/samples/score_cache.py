"""Scores of pictures that have not changed since, kept in one file: what is measured once need not be again."""
import json
import logging
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

from dctnet import atomic

log = logging.getLogger('scores')

Measure = Callable[[Sequence[str]], List[Any]]

_VERSION = 1  # of the measures: scores of another version are measured anew
_CHUNK = 128  # pictures between two savings


class ScoreCache:
    """kind of measure -> picture's name -> (stamp, scores). A damaged or missing file is an empty cache."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._kinds: Dict[str, Dict[str, Any]] = {}
        try:
            content = json.loads(self._path.read_text(encoding='utf-8'))
            if content['version'] == _VERSION:
                self._kinds = content['kinds']
        except (OSError, ValueError, KeyError, TypeError):
            pass  # nothing is lost but time

    def measured(self, kind: str, stamps: Dict[str, Any], prepare: Callable[[], Measure]) -> Dict[str, Any]:
        """Scores of every picture in `stamps` (name -> what they depend on, as plain JSON), in that order.

        prepare: gives the measure, names -> scores (plain JSON); called only where some are missing. The measure gets
        some of these names at a time, and the file is saved after each call.
        """
        known = self._kinds.get(kind, {})
        known = {name: known[name] for name, stamp in stamps.items() if name in known and known[name][0] == stamp}
        self._kinds[kind] = known
        missing = [name for name in stamps if name not in known]
        measure = prepare() if missing else None
        start = time.time()
        for first in range(0, len(missing), _CHUNK):
            names = missing[first:first + _CHUNK]
            known.update((name, [stamps[name], score]) for name, score in zip(names, measure(names)))
            atomic.write_text(self._path, json.dumps({'version': _VERSION, 'kinds': self._kinds}))
            done = first + len(names)
            log.info('%s: %d of %d  %.1f images/s', kind, done, len(missing), done / (time.time() - start))
        return {name: known[name][1] for name in stamps}
