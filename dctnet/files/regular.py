"""Files that are read to their end: a fifo has none, and who opens it waits."""
import errno
import io
import stat
from pathlib import Path


def opened(path: Path) -> io.BufferedReader:
    """The file, open for reading bytes. Raises OSError, also if it is a fifo, a device or a socket."""
    path = Path(path)
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder has an error of its own
        raise OSError(errno.EINVAL, 'it is no regular file', str(path))
    return path.open('rb')
