"""Compare the pins of a runtime with tests/audit/advisories.yaml, offline.

python -m tests.audit [tf115] [tf2] [exemplars]     exit code 1 if a pin has a known hole for which no reason is given
"""
import argparse
import re
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from packaging.specifiers import SpecifierSet

from dctnet.files import yaml_file

RUNTIMES = ('tf115', 'tf2', 'exemplars')
ADVISORIES = Path(__file__).parent / 'advisories.yaml'
REQUIREMENTS = Path(__file__).parents[2] / 'requirements'


def pins(runtime: str, folder: Path = REQUIREMENTS) -> List[Tuple[str, str]]:
    """Name and version of all packages that the requirement files of a runtime pin."""
    files = sorted(path for path in folder.glob('*.txt') if runtime in path.stem.split('-'))
    found = [re.match(r'([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^;\s]+)', line) for path in files
             for line in path.read_text(encoding='utf-8').splitlines()]
    return sorted({(match.group(1).lower().replace('_', '-'), match.group(2)) for match in found if match})


def holes(runtime: str, packages: Sequence[Tuple[str, str]], advisories: Sequence[Dict[str, Any]]
          ) -> Tuple[List[str], List[str]]:
    """Lines about those that matter, and about those for which a reason is given."""
    open_holes, accepted = [], []
    for name, version in packages:
        for entry in advisories:
            if entry['package'] == name and SpecifierSet(entry['affected']).contains(version, prereleases=True):
                reason = entry['accepted'].get(runtime)
                line = f"{runtime}: {name} {version} has {entry['id']} ({entry['affected']})"
                (accepted if reason else open_holes).append(f'{line}: {reason}' if reason else line)
    return open_holes, accepted


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog='python -m tests.audit', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runtimes', nargs='*', metavar='RUNTIME', help='default: all')
    advisories = yaml_file.read(ADVISORIES, 'list of holes')
    failed = False
    runtimes = parser.parse_args(argv).runtimes or RUNTIMES
    if not set(runtimes) <= set(RUNTIMES):
        parser.error(f"runtimes are {', '.join(RUNTIMES)}")
    for runtime in runtimes:
        packages = pins(runtime)
        open_holes, accepted = holes(runtime, packages, advisories)
        failed = failed or bool(open_holes)
        for line in accepted:
            print(f'known  {line}')
        for line in open_holes:
            print(f'HOLE   {line}')
        print(f'{runtime}: {len(packages)} pinned packages, {len(accepted)} known holes with a reason, '
              f'{len(open_holes)} open')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
