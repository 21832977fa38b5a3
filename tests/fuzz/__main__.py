"""Read damaged files of every format: python -m tests.fuzz --count 300 --seed 0. Exit code 1 if one was not read or
refused as promised (docs/reliability.md); it is kept then."""
import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.fuzz.kinds import chosen
from tests.fuzz.runner import GOOD, verdicts
from tests.fuzz.worker import make


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.fuzz', description=__doc__)
    parser.add_argument('--count', type=int, default=300, help='damaged files, default: %(default)s')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kinds', default='', help='separated by commas, default: all: '
                        + ', '.join(kind.name for kind in chosen('')))
    parser.add_argument('--keep', type=Path, default=Path('fuzz-failures'), help='folder for files that fail')
    options = parser.parse_args()
    kinds, ends, slowest = chosen(options.kinds), Counter(), 0.0
    for verdict in verdicts(options.seed, options.count, options.kinds):
        kind = kinds[verdict['number'] % len(kinds)]
        ends[(kind.name, verdict['end'])] += 1
        slowest = max(slowest, verdict['seconds'])
        if verdict['end'] not in GOOD:
            options.keep.mkdir(parents=True, exist_ok=True)
            file = options.keep / f"{options.seed}-{verdict['number']}-{kind.file}"
            file.write_bytes(make(kind, verdict['number'], options.seed))
            print(f"{verdict['end']}: {file}\n    " + verdict['detail'].strip().replace('\n', '\n    ')[-1500:])
    for kind in kinds:
        print(f'{kind.name:<22}' + '  '.join(f'{end} {count}' for (name, end), count in sorted(ends.items())
                                             if name == kind.name))
    bad = sum(count for (_, end), count in ends.items() if end not in GOOD)
    print(f'{options.count} damaged files, seed {options.seed}: {bad} not as promised; {slowest:.1f} s at most')
    return int(bad > 0)


if __name__ == '__main__':
    sys.exit(main())
