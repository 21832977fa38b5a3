"""Kinds of names and of places: each makes the folders that the commands read and write through."""
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, ContextManager, Dict, Iterator, NamedTuple

from tests.names import material
from tests.names.commands import results


class Paths(NamedTuple):
    """given: what is read. made: where results go. name: of files in both."""
    given: Path
    made: Path
    name: str = material.PLAIN


class Kind(NamedTuple):
    """A context, (material, empty folder) -> Paths. refuses: whether no result can be written. environment: of the
    commands."""
    prepared: Callable[[Path, Path], ContextManager[Paths]]
    refuses: bool = False
    environment: Dict[str, str] = {}


class Impossible(Exception):
    """This user, or this system, cannot make such a place."""


def _named(name: str) -> Callable[[Path, Path], ContextManager[Paths]]:
    """A folder of that name, in which one of each kind of file, and a style, have it, too."""
    name = os.fsdecode(name.encode('utf-8', 'surrogateescape'))

    @contextmanager
    def prepared(whole: Path, place: Path) -> Iterator[Paths]:
        inner = name[:200]  # with room for a suffix
        shutil.copytree(str(whole), str(place / name))
        material.rename(place / name, inner)
        yield Paths(place / name, place / name / 'made', inner)
    return prepared


@contextmanager
def _results_elsewhere(whole: Path, place: Path) -> Iterator[Paths]:
    """As a run folder whose name is no UTF-8 is refused."""
    with _named(NAMES['no UTF-8'])(whole, place) as paths:
        yield paths._replace(made=place / 'made')


def _copied(whole: Path, place: Path) -> Path:
    shutil.copytree(str(whole), str(place / 'given'))
    return place / 'given'


@contextmanager
def _linked(whole: Path, place: Path) -> Iterator[Paths]:
    (place / 'link').symlink_to(_copied(whole, place), target_is_directory=True)
    yield Paths(place / 'link', place / 'link')


@contextmanager
def _among_links(whole: Path, place: Path) -> Iterator[Paths]:
    """A dangling link, a fifo and a link to a good file beside the good ones, in each folder."""
    given = _copied(whole, place)
    for folder in [path for path in given.glob('**/*') if path.is_dir()] + [given]:
        for path in [path for path in folder.iterdir() if path.stem == material.PLAIN]:
            (folder / ('nowhere' + path.suffix)).symlink_to(place / 'missing')
            (folder / ('linked' + path.suffix)).symlink_to(path)
            os.mkfifo(str(folder / ('pipe' + path.suffix)))
    yield Paths(given, place / 'made')


@contextmanager
def _nothing_but(make: Callable[[Path], None], whole: Path, place: Path) -> Iterator[Paths]:
    """In place of every file something else."""
    given = _copied(whole, place)
    for path in [path for path in given.glob('**/*') if path.is_file()]:
        path.unlink()
        make(path)
    yield Paths(given, place / 'made')


@contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    folder.mkdir()
    told = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', str(folder)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if told.returncode:
        raise Impossible(f'this user may not mount a tmpfs ({told.stdout.strip()})')
    try:
        yield
    finally:
        subprocess.run(['umount', '-l', str(folder)], check=True)


@contextmanager
def _other_disk(whole: Path, place: Path) -> Iterator[Paths]:
    with _mounted(place / 'disk'):
        yield Paths(_copied(whole, place), place / 'disk')


@contextmanager
def _read_only_disk(whole: Path, place: Path) -> Iterator[Paths]:
    """The material lies there, too: some commands write beside what they read."""
    with _mounted(place / 'disk'):
        given = _copied(whole, place / 'disk')
        subprocess.run(['mount', '-o', 'remount,ro', str(place / 'disk')], check=True)
        yield Paths(given, given / 'made')


@contextmanager
def _no_rights(whole: Path, place: Path) -> Iterator[Paths]:
    given = _copied(whole, place)
    folders = [path for path in [given, *given.glob('**/*')] if path.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    if os.access(str(given), os.W_OK):
        raise Impossible('root may write everywhere')
    yield Paths(given, given / 'made')
    for folder in folders:
        folder.chmod(0o700)


@contextmanager
def _below_a_file(whole: Path, place: Path) -> Iterator[Paths]:
    (place / 'made').write_text('a file')
    yield Paths(_copied(whole, place), place / 'made')


def _instead_of_results(make: Callable[[Path], None]) -> Callable[[Path, Path], ContextManager[Paths]]:
    """Something stands at each result's name."""
    @contextmanager
    def prepared(whole: Path, place: Path) -> Iterator[Paths]:
        (place / 'made').mkdir()
        for name in results():
            make(place / 'made' / name.replace('{name}', material.PLAIN))
        yield Paths(_copied(whole, place), place / 'made')
    return prepared


def _fifo(path: Path) -> None:
    os.mkfifo(str(path))


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / 'missing' / 'too')


def _file(path: Path) -> None:
    path.write_text('a file')


NAMES = {
    'plain': 'plain', 'signs': 'a*b?c[v2]{0}%d $HOME ~x #x;y&z|(q) it\'s "x" q\\x', 'spaces': ' a  b ',
    'line breaks, escapes': 'two\nlines\ra\tb\x1b[31mc', 'no UTF-8': 'q\udcffx', 'not Latin': '日本é',
    '255 bytes': 'n' * 255, 'dash, date': '-x --y 2024_01_05'}
# Names of the system in ASCII, as on servers without a locale, for Pythons that would take UTF-8 nevertheless.
ASCII = {'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': '0'}
PLACES = {
    'a linked folder': Kind(_linked),
    'among links and fifos': Kind(_among_links),
    'results on another disk': Kind(_other_disk),
    'a read-only disk': Kind(_read_only_disk, refuses=True),
    'no rights': Kind(_no_rights, refuses=True),
    'below a file': Kind(_below_a_file, refuses=True),
    'files at the results': Kind(_instead_of_results(_file)),
    'dangling links at the results': Kind(_instead_of_results(_dangling)),
    'fifos at the results': Kind(_instead_of_results(_fifo)),
    'nothing but fifos': Kind(lambda whole, place: _nothing_but(_fifo, whole, place)),
    'nothing but dangling links': Kind(lambda whole, place: _nothing_but(_dangling, whole, place)),
}
ALL: Dict[str, Kind] = {kind: Kind(_named(name)) for kind, name in NAMES.items()}
ALL.update({'not Latin, system in ASCII': Kind(_named(NAMES['not Latin']), environment=ASCII),
            'no UTF-8, results elsewhere': Kind(_results_elsewhere)}, **PLACES)
