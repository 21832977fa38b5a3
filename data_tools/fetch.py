"""Download published weights, as checkpoints/manifest.yaml lists them. No other command uses the network,
but data_tools.generate_exemplars if it is given a model of the hub.

python -m data_tools.fetch --list                 what there is, from where, under which licence, and what is there
python -m data_tools.fetch NAME [--out FOLDER]    one entry's file into checkpoints/ (or FOLDER), checked

The same command again goes on with a broken download. The environment variable DCTNET_MIRROR names an address that is
asked first, with the file's name behind it; proxies are taken from http_proxy, https_proxy and no_proxy. Exit codes:
0 the file is there, 2 a mistake to put right, or no source gave the file.
"""
import argparse
import os
import shlex
import urllib.parse
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence

from dctnet import places
from dctnet.addresses import shown
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.face.installed_models import installed_model
from dctnet.files import atomic

from .weights.download import SourceFailed, download
from .weights.manifest import MANIFEST, Entry, difference, digest, entry_named, read_entries
from .weights.part_file import empty, finish, keep_locked, part_of

MIRROR = 'DCTNET_MIRROR'


def fetch(name: str, folder: Path, manifest: Path = MANIFEST) -> Path:
    """Bring the file of entry `name` into `folder` unless it is there, saying what is done. Returns its path.

    A file that differs from the manifest never takes its place, and one that is there is never overwritten.
    Raises UserError if the name is unknown, no source gives the right file, another file is in the way or the disk
    refuses.
    """
    entry = entry_named(read_entries(manifest), name)
    target = folder / entry.file
    installed = _installed(entry)
    if not target.exists() and installed:
        print(f'{entry.file} came with the installation: {installed}')
        return installed
    if not target.exists():
        sources = _sources(entry)
        if not sources:
            raise UserError(f'{name}: no address to download {entry.file} from is known. {_by_hand(entry, target)}')
        print(f'{name}: {entry.file}, {_size(entry)}\n  licence: {entry.licence}', flush=True)
        atomic.make_folder(folder)
        with keep_locked(part_of(target)):
            if not target.exists():  # another process may have brought it while we waited
                _bring(entry, sources, target)
    _check_present(entry, target)
    if entry.import_command:
        print(f'next: {_import_command(entry, target)}')
    return target


def _sources(entry: Entry) -> List[str]:
    """The addresses to try, in this order."""
    base = os.environ.get(MIRROR, '')
    if base and not base.startswith(('http://', 'https://')):
        raise UserError(f'{MIRROR}={shown(base)}: give an address that begins with http:// or https://')
    if not entry.is_one_file:
        return []
    return ([base.rstrip('/') + '/' + urllib.parse.quote(entry.file)] if base else []) + entry.urls


def _bring(entry: Entry, sources: Sequence[str], target: Path) -> None:
    part, failures = part_of(target), []
    for url in sources:
        print(f'  from {shown(url)}', flush=True)
        try:
            _download_checked(entry, url, part)
            return finish(part, target)
        except SourceFailed as failure:
            print(f'  failed: {failure}', flush=True)
            failures.append(f'{shown(url)} {failure}')
        except KeyboardInterrupt:
            print('  what has arrived is kept: the same command goes on', flush=True)
            raise
    raise UserError(f"{entry.name}: no source gave {entry.file} ({'; '.join(failures)}). Check the connection and the "
                    f'proxy (https_proxy), or name a mirror ({MIRROR}). {_by_hand(entry, target)}')


def _download_checked(entry: Entry, url: str, part: Path) -> None:
    """Raises SourceFailed, the part emptied, if the result is not the manifest's file."""
    continued = part.stat().st_size > 0
    download(url, part, entry.size, checked=entry.checksum is not None)
    wrong = difference(entry, part)
    if wrong is None:
        return
    empty(part)
    if not continued:
        raise SourceFailed(f'gives another file or a damaged one ({wrong}); it was removed')
    print(f'  {wrong}: what had arrived before was of another file; from the start', flush=True)
    _download_checked(entry, url, part)


def _check_present(entry: Entry, target: Path) -> None:
    wrong = difference(entry, target)
    if wrong:
        raise UserError(f'{target} is there and is not the file of the manifest ({wrong}): move it away and repeat')
    if entry.checksum:
        print(f'{target} is there, its {entry.checksum} is right')
    else:
        print(f'{target} is there, UNVERIFIED: the manifest knows no checksum to compare with; its sha256 is '
              f"{digest(target, 'sha256')}")


def _by_hand(entry: Entry, target: Path) -> str:
    text = f'By hand: {entry.source}'
    if entry.is_one_file:
        text += f'; put it into {target.parent}'
    command = _import_command(entry, target)
    return f'{text}, then: {command}' if command else text


def _import_command(entry: Entry, target: Path) -> str:
    """The manifest's command with the place where the file is; empty if nothing has to be imported."""
    words = places.as_typed(entry.import_command or '').split()
    return ' '.join(shlex.quote(str(target)) if word == entry.file else word for word in words)


def _installed(entry: Entry) -> Optional[Path]:
    try:
        return installed_model(entry.file)
    except UserError:
        return None


def _size(entry: Entry) -> str:
    return f'{entry.size / 1e6:.1f} MB' if entry.size is not None else 'size unknown'


def listing(folder: Path, manifest: Path = MANIFEST) -> str:
    """The manifest as a table. Raises UserError if it is missing or damaged."""
    rows = [('name', 'file', 'size', 'there', 'used by', 'licence')]
    rows += [(entry.name, entry.file, _size(entry), _state(entry, folder), entry.used_by, entry.licence)
             for entry in read_entries(manifest).values()]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _state(entry: Entry, folder: Path) -> str:
    target = folder / entry.file
    if target.exists():
        return 'yes' if entry.size in (None, target.stat().st_size) else 'another file'
    made_in, _, made_file = (entry.makes or '').rpartition('/')
    if made_in == 'checkpoints' and (places.checkpoints_folder() / made_file).exists():
        return 'imported'
    if _installed(entry):
        return 'installed'
    return 'partly' if part_of(target).exists() else 'no'


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.fetch', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument('name', nargs='?', metavar='NAME', help='entry of checkpoints/manifest.yaml')
    action.add_argument('--list', action='store_true', help='show the entries; nothing is downloaded')
    parser.add_argument('--out', type=Path, default=places.checkpoints_folder(), metavar='FOLDER',
                        help='default: checkpoints/')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    if options.list:
        print(listing(options.out))
    else:
        fetch(options.name, options.out)
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
