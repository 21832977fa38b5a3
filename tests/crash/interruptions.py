"""Interrupts a command at seeded moments, lets it go on, and compares with what it leaves undisturbed."""
import errno
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from tests.crash.situations import ALL, PROGRAM, Result, Situation, write_material

ROOT = Path(__file__).parents[2]
_LONGEST = 600  # seconds of a command
_SIGNALS = ('SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT')


class Failure(Exception):
    """What was not as promised."""


class Crashes:
    """material, whole: made by the first use in `folder`: pictures, and each command undisturbed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._material = folder / 'material'
        write_material(self._material)
        self._whole: Dict[str, Tuple[Result, float]] = {}

    def failures(self, count: int, disks: bool) -> Iterator[str]:
        """'' for each of `count` interrupted commands that ended as promised, else what was wrong. disks: every fourth
        runs out of room instead."""
        for number in range(count):
            draw = random.Random(f'{self._seed} {number}')
            situation = ALL[number % len(ALL)]
            place = self._folder / f'{number}'
            place.mkdir()
            try:
                if disks and number % 4 == 3:
                    self._without_room(situation, place, draw)
                else:
                    self._interrupted(situation, place, draw)
                yield ''
                shutil.rmtree(str(place))
            except Failure as failure:
                yield f'{number}, {situation.name}: {failure} ({place})'

    def whole(self, situation: Situation) -> Tuple[Result, float]:
        """What the command leaves undisturbed, and how many seconds it takes."""
        if situation.name not in self._whole:
            place = self._folder / f'whole-{situation.name}'
            place.mkdir()
            start = time.monotonic()
            self._finish(situation, place)
            self._whole[situation.name] = (situation.result(place), time.monotonic() - start)
        return self._whole[situation.name]

    def _interrupted(self, situation: Situation, place: Path, draw: random.Random) -> None:
        expected, seconds = self.whole(situation)
        for _ in range(draw.randint(1, 3)):
            name = draw.choice(_SIGNALS)
            process = self._start(situation, place)
            try:
                process.wait(draw.uniform(.05, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(getattr(signal, name))
            said = process.communicate(timeout=_LONGEST)[0].decode(errors='replace')
            allowed = {'SIGKILL': {0, -signal.SIGKILL}, 'SIGINT': {0, 75, 130, -signal.SIGINT}}.get(
                name, {0, 75, -getattr(signal, name)})  # before a command's first line the system decides
            if process.returncode not in allowed or process.returncode != -signal.SIGINT and 'Traceback' in said:
                raise Failure(f'{name} ended it with {process.returncode}: {said[-1500:]}')
        self._finish(situation, place)
        _compare(situation.result(place), expected, place)

    def _without_room(self, situation: Situation, place: Path, draw: random.Random) -> None:
        """On a disk of its own that is too small, and then is not."""
        expected, _ = self.whole(situation)
        size = draw.randint(8, 400)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}k', 'tmpfs', str(place)], check=True)
        try:
            process = self._start(situation, place)
            said = process.communicate(timeout=_LONGEST)[0].decode(errors='replace')
            if process.returncode not in (0, 1, 2) or 'Traceback' in said or (
                    process.returncode and os.strerror(errno.ENOSPC) not in said and 'the disk is full' not in said):
                raise Failure(f'a disk of {size} kB ended it with {process.returncode}: {said[-1500:]}')
            subprocess.run(['mount', '-o', 'remount,size=64m', str(place)], check=True)
            self._finish(situation, place)
            _compare(situation.result(place), expected, place)
        finally:
            subprocess.run(['umount', '-l', str(place)], check=True)

    def _start(self, situation: Situation, place: Path) -> subprocess.Popen:
        words: List[str] = [PROGRAM] + situation.words(self._material, place)
        return subprocess.Popen(words, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _finish(self, situation: Situation, place: Path) -> None:
        process = self._start(situation, place)
        said = process.communicate(timeout=_LONGEST)[0].decode(errors='replace')
        if process.returncode:
            raise Failure(f'the same command ended with {process.returncode}: {said[-1500:]}')


def _compare(found: Result, expected: Result, place: Path) -> None:
    different = sorted(name for name in set(found) | set(expected) if found.get(name) != expected.get(name))
    if different:
        raise Failure(f"{len(different)} differ from the undisturbed: {', '.join(different[:5])}")
    left = [str(path) for path in place.glob('**/.*.tmp*')] + [str(path) for path in place.glob('**/.saving')]
    if left:
        raise Failure(f'left behind: {left[:3]}')


def may_mount(folder: Path) -> bool:
    """Whether this user may make small disks."""
    place = folder / 'disk'
    place.mkdir()
    mounted = subprocess.call(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', str(place)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    if mounted:
        subprocess.run(['umount', '-l', str(place)], check=True)
    return mounted
