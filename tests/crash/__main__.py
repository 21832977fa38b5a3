"""Interrupt commands at any moment and fill their disks: python -m tests.crash --count 20 --seed 0. Each must go on to
what it leaves undisturbed, bit by bit (docs/reliability.md). Exit code 1 if one does not; its folder is kept."""
import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash.interruptions import Crashes, may_mount


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.crash', description=__doc__)
    parser.add_argument('--count', type=int, default=20, help='interrupted commands, default: %(default)s')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix='dctnet-crash-'))
    disks = may_mount(folder)
    if not disks:
        print('this user may not mount small disks: full disks are left out')
    failures = []
    for number, failure in enumerate(Crashes(folder, options.seed).failures(options.count, disks)):
        print(f'{number + 1} of {options.count}: {failure or "as undisturbed"}', flush=True)
        failures += [failure] if failure else []
    print(f'{options.count} interrupted commands, seed {options.seed}: {len(failures)} not as promised')
    return int(bool(failures))


if __name__ == '__main__':
    sys.exit(main())
