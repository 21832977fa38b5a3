"""The program ffmpeg: where it is, what this version takes, and how it is run."""
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any, List, Optional, Sequence, Tuple

from dctnet.errors import UserError

# As many frames out as in, at their own times. Names of options changed between versions; the newest come first.
_PASSTHROUGH = (('-fps_mode', 'passthrough', '-enc_time_base', 'demux'),
                ('-fps_mode', 'passthrough', '-enc_time_base', '-1'),
                ('-vsync', 'passthrough', '-enc_time_base', '-1'))
_MOST_ERRORS = 1 << 16  # bytes; a damaged film complains of each frame
_QUIET = ('-nostdin', '-hide_banner', '-loglevel', 'error')


def program() -> str:
    """Whole path of ffmpeg: the one that IMAGEIO_FFMPEG_EXE names, that of PATH, or that of the package imageio-ffmpeg.

    Raises UserError if there is none.
    """
    found = os.environ.get('IMAGEIO_FFMPEG_EXE') or shutil.which('ffmpeg') or _packaged()
    path = shutil.which(found) if found else None
    if path is None:
        raise UserError('clips need ffmpeg, and there is none: run "pip install imageio-ffmpeg", or install ffmpeg so '
                        'that it is on PATH')
    return os.path.abspath(path)


def _packaged() -> Optional[str]:
    try:
        import imageio_ffmpeg
        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None


def passthrough() -> List[str]:
    """Options of an output that keep each frame and its exact time."""
    return list(_passthrough_of(program()))


@functools.lru_cache(maxsize=None)
def _passthrough_of(path: str) -> Tuple[str, ...]:
    for options in _PASSTHROUGH:
        trial = [path, *_QUIET[1:], '-f', 'rawvideo', '-pixel_format', 'gray', '-video_size', '2x2', '-i', '-',
                 *options, '-f', 'null', '-']
        if subprocess.run(trial, input=bytes(4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return options
    raise UserError(f'{path} cannot keep the times of frames: install ffmpeg 4.2 or newer')


def timed_at(timescale: int) -> List[str]:
    """Options of an output whose frames keep their times, rounded to 1/timescale of a second."""
    return passthrough()[:2] + ['-enc_time_base', f'1:{timescale}', '-video_track_timescale', str(timescale)]


def source(path: Path) -> List[str]:
    """Options that open a file of the user's. Playlists inside it cannot lead to the network."""
    return ['-protocol_whitelist', 'file,pipe,crypto,data', '-i', f'file:{path.resolve()}']


class Process:
    """ffmpeg at work, with pipes. A context: leaving it ends the program.

    arguments: without the program.
    writes: the caller writes to `input`; else it reads from `output`.
    folder: that it works in; None for this process's.
    """

    def __init__(self, arguments: Sequence[str], writes: bool = False, folder: Optional[Path] = None) -> None:
        self._errors = tempfile.TemporaryFile()
        # A session of its own: Ctrl-C in a terminal is for the command, which ends this program in its time.
        self._process: Any = subprocess.Popen(
            [program(), *(_QUIET[1:] if writes else _QUIET), *arguments], start_new_session=True,
            cwd=None if folder is None else str(folder),
            stdin=subprocess.PIPE if writes else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if writes else subprocess.PIPE, stderr=self._errors)
        self.input: IO[bytes] = self._process.stdin
        self.output: IO[bytes] = self._process.stdout

    def __enter__(self) -> 'Process':
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.finish()
        self._errors.close()

    def finish(self) -> Tuple[int, str]:
        """Close the pipe, wait for the end; the exit status and what was said on the way (errors only)."""
        for pipe in (self.input, self.output):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        status = self._process.wait()
        self._errors.seek(0)
        return status, self._errors.read(_MOST_ERRORS).decode('utf-8', 'replace').strip()


def run(arguments: Sequence[str], folder: Optional[Path] = None) -> Tuple[int, bytes, str]:
    """Exit status, output and errors of ffmpeg with these arguments, at work in `folder`."""
    with Process(arguments, folder=folder) as process:
        output = process.output.read()
        status, errors = process.finish()
    return status, output, errors


def reason(errors: str) -> str:
    """What ffmpeg said, short enough for one line: the first line without the part that speaks."""
    lines = [line.split('] ', 1)[-1].strip() for line in errors.splitlines() if line.strip()]
    return lines[0][:200] if lines else 'no reason given'
