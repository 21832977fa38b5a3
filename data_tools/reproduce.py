"""The paper's experiments in one command: from folders of pictures to its table.

python -m data_tools.reproduce --photos FFHQ --exemplars STYLE --test CELEBA --out WORK [--source FFHQ.npz] \\
    [--only ROW ...] [--seeds N] [--others NAME=FOLDER ...] [--set KEY=VALUE ...] [--dry-run]

The rows are those of configs/reproduce/paper.yaml (--plan): the full method in both presets, and without each part.
What rows share (aligned faces, source, calibrations, samples) is made once. Every command is printed and may be typed
by hand. The same command again goes on where it was stopped; --only shared makes what is shared, then rows may run side
by side (configs/cluster/slurm_reproduce.sbatch). At the end, and with --only table alone, of all rows that are there:
table.html in WORK (look at it), table.json, a table in Markdown, and study.html, a preference study.

--dry-run prints the commands, and how long they take and how much room they need, reckoned from --rates. Exit codes: 0
done, 1 some rows could not be made, 2 a mistake to put right, 75 stopped early and resumable.
"""
import argparse
import logging
import shlex
import shutil
from pathlib import Path
from typing import Dict, List, NoReturn, Optional, Sequence, Tuple

from dctnet import images, places, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.files import atomic

from .reproduction import cost, pictures, running, tasks, writing
from .reproduction.networks import Networks, found_networks, lacking
from .reproduction.plan import Row, chosen, read_plan
from .reproduction.tasks import Inputs, Layout, Task

log = logging.getLogger('reproduce')

SHARED, TABLE = 'shared', 'table'


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.reproduce', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', type=Path, required=True, metavar='FOLDER', help='training photographs')
    parser.add_argument('--exemplars', type=Path, required=True, metavar='FOLDER', help='pictures of one style')
    parser.add_argument('--test', type=Path, required=True, metavar='FOLDER', help='photographs of other people')
    parser.add_argument('--out', type=Path, required=True, metavar='WORK', help='folder of everything that is made')
    parser.add_argument('--styles', type=Path, metavar='FOLDER',
                        help='style pictures that results are compared with (default: the exemplars)')
    parser.add_argument('--source', type=Path, metavar='NPZ|RUN',
                        help='source generator (data_tools.import_weights stylegan2); default: train one on the photos')
    parser.add_argument('--plan', type=places.config_path, default='configs/reproduce/paper.yaml', metavar='FILE',
                        help='the rows (default: %(default)s)')
    parser.add_argument('--only', nargs='+', default=[], metavar='ROW',
                        help=f'these rows; {SHARED}: what all rows share; {TABLE}: the table of what is there')
    parser.add_argument('--seeds', type=int, default=1, metavar='N', help='trainings of each row (default 1)')
    parser.add_argument('--others', nargs='+', default=[], metavar='NAME=FOLDER',
                        help='results of other methods on the test faces, under their names')
    parser.add_argument('--set', action='append', nargs='+', default=[], metavar='KEY=VALUE', dest='overrides',
                        help='change a key of all rows: size=128, ttn.train.steps=3000 (repeatable)')
    parser.add_argument('--features', default='auto', metavar='auto|inception|dlib|FILE.pb',
                        help='of FID and KID; auto (default): Inception if it is there, else dlib')
    parser.add_argument('--rates', type=places.config_path, default='configs/reproduce/rates_h100.yaml', metavar='FILE',
                        help='how fast the machine is (default: %(default)s)')
    parser.add_argument('--measure', action='store_true',
                        help='with --dry-run: time some steps of each kind of training on this machine first; other '
                             'rates as of --rates')
    parser.add_argument('--dry-run', action='store_true', help='only print commands, time and room')
    options = parser.parse_args(argv)
    if options.seeds < 1:
        parser.error('--seeds must be at least 1')
    options.overrides = [pair for pairs in options.overrides for pair in pairs]
    options.plan, options.rates = places.config_path(str(options.plan)), places.config_path(str(options.rates))
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    all_rows = read_plan(options.plan, options.overrides)
    rows = chosen(all_rows, [name for name in options.only if name not in (SHARED, TABLE)])
    others = others_of(options.others, [row.name for row in all_rows])
    folders = {name: getattr(options, name) for name in ('photos', 'exemplars', 'test')}
    folders.update({'styles': options.styles} if options.styles else {})
    for name, folder in folders.items():
        if not folder.is_dir():
            raise UserError(f'--{name} {folder} is no folder: check the path')
    warnings = pictures.check_inputs(folders)
    for warning in warnings:
        log.warning('warning: %s', warning)
    atomic.check_place(options.out)
    process.prepare()
    networks = found_networks(options.features)
    layout = Layout(_inputs(options, networks), all_rows)
    lacks = {row.name: text for row in rows for text in [lacking(row)] if text}
    for name, text in lacks.items():
        log.warning('warning: row %s cannot be made: %s', name, text)
    if options.dry_run:
        show_plan(layout, rows, options)
        return DONE
    rows = [row for row in rows if row.name not in lacks]
    code = make(layout, rows, others, options, lacks)
    if code != STOPPED_EARLY and options.only != [SHARED]:
        table = writing.write_all(layout, all_rows, others, lacks, networks, warnings)
        print(f'{table}\nlook at {layout.out / "table.html"}; a preference study: {layout.out / "study.html"}')
    return code


def others_of(words: Sequence[str], rows: Sequence[str]) -> Dict[str, Path]:
    """NAME=FOLDER of --others by name. Raises UserError for other forms, for names of rows and missing folders."""
    found: Dict[str, Path] = {}
    for word in words:
        name, equals, folder = word.partition('=')
        if not (equals and name and folder) or '/' in name:
            raise UserError(f'--others {word}: write it as NAME=FOLDER')
        if name in found or name in list(rows) + [writing.PHOTOGRAPHS]:
            raise UserError(f'--others {word}: there is a row {name} already; choose another name')
        if not Path(folder).is_dir():
            raise UserError(f'--others {word}: {folder} is no folder: check the path')
        found[name] = Path(folder).resolve()
    return found


def make(layout: Layout, rows: Sequence[Row], others: Dict[str, Path], options: argparse.Namespace,
         lacks: Dict[str, str]) -> int:
    """Run what is not done yet; returns the exit code. A row that fails is noted in `lacks`, and the others run."""
    size = rows[0].recipe.size if rows else 0
    if not rows or options.only == [TABLE]:
        return SOME_FAILED if lacks else DONE
    for group in _groups(layout, rows, options.seeds).values():
        running.check(layout.out, group)
    _check_room(layout, rows, options)
    code = running.run_chain(tasks.alignment(layout, rows[0].recipe), layout.out, 'faces')
    if code == STOPPED_EARLY:
        return code
    pictures.prepare_test(layout.test_faces, layout.test, size)
    code = running.run_chain(tasks.calibration(layout, rows), layout.out, SHARED)
    if code == STOPPED_EARLY:
        return code
    chains = [(writing.PHOTOGRAPHS, 0, [tasks.measuring(layout, writing.PHOTOGRAPHS, layout.test)])]
    if options.only != [SHARED]:
        chains += _chains_of_others(layout, others, size)
        chains += [(row.name, seed, tasks.row_tasks(layout, row, seed)) for seed in range(options.seeds)
                   for row in rows if seed == 0 or row.options.method != tasks.TOONIFY]
    failed: Dict[str, str] = {}
    for name, seed, chain in chains:
        try:
            if running.run_chain(chain, layout.out, f'{name}-{seed}') == STOPPED_EARLY:
                return STOPPED_EARLY
        except UserError as error:
            log.error('%s-%d: %s', name, seed, error)
            failed[name] = str(error)
    lacks.update(failed)
    return SOME_FAILED if failed or lacks and options.only != [SHARED] else DONE


def _chains_of_others(layout: Layout, others: Dict[str, Path], size: int) -> List[Tuple[str, int, List[Task]]]:
    for name, folder in others.items():
        pictures.prepare_results(name, folder, layout.test, layout.results(name), size)
    return [(name, 0, [tasks.measuring(layout, name, layout.results(name))]) for name in others]


def show_plan(layout: Layout, rows: Sequence[Row], options: argparse.Namespace) -> None:
    """Print all commands and the estimate."""
    groups = _groups(layout, rows, options.seeds)
    seen: List[str] = []
    for task in [task for group in groups.values() for task in group]:
        if task.name not in seen:
            state = 'done ' if running.is_done(layout.out, task) else ''
            print(f"[{state}{task.name}] $ python {' '.join(shlex.quote(word) for word in task.step.words)}")
            seen.append(task.name)
    done = [task.name for group in groups.values() for task in group if running.is_done(layout.out, task)]
    if rows:
        rates = cost.read_rates(options.rates)
        if options.measure:
            from .reproduction.measured_rates import measured
            rates = measured([task for group in groups.values() for task in group], rates)
        print('\n' + '\n'.join(cost.lines(groups, done, _counts(options), rows[0].recipe.size, rates)))


def _groups(layout: Layout, rows: Sequence[Row], seeds: int) -> Dict[str, Sequence[Task]]:
    groups: Dict[str, Sequence[Task]] = {SHARED: tasks.alignment(layout, rows[0].recipe) + tasks.calibration(
        layout, rows) + [tasks.measuring(layout, writing.PHOTOGRAPHS, layout.test)]} if rows else {}
    for row in rows:
        runs = 1 if row.options.method == tasks.TOONIFY else seeds
        groups[row.name] = [task for seed in range(runs) for task in tasks.row_tasks(layout, row, seed)]
    return groups


def _check_room(layout: Layout, rows: Sequence[Row], options: argparse.Namespace) -> None:
    """Raise UserError if the disk has not enough room for what is not done yet."""
    waiting = {task.name: task for group in _groups(layout, rows, options.seeds).values() for task in group
               if not running.is_done(layout.out, task) and not task.output.exists()}
    place = next(folder for folder in [layout.out, *layout.out.parents] if folder.exists())
    free = shutil.disk_usage(str(place)).free
    needed = cost.room_needed(list(waiting.values()), _counts(options), rows[0].recipe.size)
    if needed > free:
        raise UserError(f'{place} has {free / 1e9:.1f} GB of free space, and {needed / 1e9:.1f} GB are needed: choose '
                        'another disk for --out, fewer rows with --only, or fewer checkpoints (ccn.train.keep=2)')


def _counts(options: argparse.Namespace) -> cost.Counts:
    photos, exemplars, test, styles = [len(images.list_images(folder)) for folder in (
        options.photos, options.exemplars, options.test, options.styles or options.exemplars)]
    return cost.Counts(photos, exemplars, test, styles)


def _inputs(options: argparse.Namespace, networks: Networks) -> Inputs:
    photos, exemplars, test, styles = [path.resolve() for path in (
        options.photos, options.exemplars, options.test, options.styles or options.exemplars)]
    source = options.source.resolve() if options.source else None
    return Inputs(photos, exemplars, test, styles, source, options.out.resolve(), networks.features, networks.lpips)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
