"""python -m tests.parity DIR [--styles DIR2]: compare with numbers of the published implementations.

Prints one line a quantity (ok|FAIL file name max|Δ| tolerance); exit code 1 on any failure, 2 where nothing is known.
"""
import argparse
from pathlib import Path

from dctnet.errors import DONE, SOME_FAILED, UserError, exit_with
from tests.parity import fusion, released, stylegan2, ttn

CHECKS = {'ttn': ttn.check, 'fusion': fusion.check, 'released': released.check,
          'stylegan2': stylegan2.check}


def main() -> int:
    """Check every file that is known by its prefix."""
    parser = argparse.ArgumentParser(prog='python -m tests.parity', description=__doc__)
    parser.add_argument('folder', type=Path, help='folder of .npz vector files')
    parser.add_argument('--styles', type=Path, help='folder of the released generators (default: beside the folder)')
    arguments = parser.parse_args()
    styles = arguments.styles or arguments.folder.resolve().parent / 'released_styles'
    files = sorted(arguments.folder.glob('*.npz'))
    failed = known = 0
    for path in files:
        check = next((CHECKS[prefix] for prefix in CHECKS if path.name.startswith(prefix)), None)
        if check is None:
            print(f'??   {path.name} is not known')
            continue
        for row in check(path, styles):
            known += 1
            failed += not row.ok
            print(f"{('ok  ' if row.ok else 'FAIL')} {path.name} {row.name} {row.max_difference:.3g} "
                  f'{row.tolerance:.3g}', flush=True)
    if not known:
        raise UserError(f"{arguments.folder} holds no vector file that is known ({'*.npz, '.join(CHECKS)}*.npz): check "
                        'the path')
    return SOME_FAILED if failed else DONE


if __name__ == '__main__':
    exit_with(main)
