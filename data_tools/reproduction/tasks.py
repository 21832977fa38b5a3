"""The commands of all experiments: what all rows share, what a group of rows shares, and the rows' own."""
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from dctnet import config_file, places
from dctnet.config import CcnConfig, StageConfig, TtnConfig

from ..recipe import stages
from ..recipe.project_command import TOOLS
from ..recipe.stages import Step
from .plan import TOONIFY, Row

_CONFIGS = {'source': CcnConfig, 'ccn': CcnConfig, 'ttn': TtnConfig}
REMADE = ('measure',)  # stages that are repeated if they are asked for something else


class Inputs(NamedTuple):
    """What the experiments are made from.

    photos, exemplars, test, styles: folders of the user's; styles, which results are compared with, may be the
        exemplars.
    source: generator of faces; None: one is trained on the photographs.
    out: folder of everything that is made.
    features: of FID and KID, 'inception', 'dlib' or a file.
    lpips: file of the network, or None.
    """
    photos: Path
    exemplars: Path
    test: Path
    styles: Path
    source: Optional[Path]
    out: Path
    features: str
    lpips: Optional[Path]


class Task(NamedTuple):
    """A command, and what it is for.

    name: of its own, for its record.
    step: the command.
    output: file or folder that is there when it is done.
    config: of a training, else None.
    samples: number of samples that it draws or looks at.
    """
    name: str
    step: Step
    output: Path
    config: Optional[StageConfig] = None
    samples: int = 0

    def settings(self, out: Path) -> Dict[str, Any]:
        """What decides the result, as plain JSON, wherever the folder `out` lies."""
        config = config_file.to_dict(self.config) if self.config else {}
        return _without(out, {'command': ' '.join(self.step.words), 'config': config})


class Layout:
    """Where everything lies, and which rows share what. rows: all of the plan, whichever are run."""

    def __init__(self, inputs: Inputs, rows: Sequence[Row]) -> None:
        self.inputs, self.out, self._rows = inputs, inputs.out, list(rows)
        align = rows[0].recipe.align
        self.photos = self.out / 'aligned' / 'photo' if align.photos else inputs.photos
        self.exemplars = self.out / 'aligned' / 'style' if align.exemplars else inputs.exemplars
        self.styles = self.exemplars
        if inputs.styles != inputs.exemplars:
            self.styles = self.out / 'aligned' / 'compared' if align.exemplars else inputs.styles
        self.test_faces = self.out / 'aligned' / 'test' if align.photos else inputs.test
        self.test = self.out / 'test'
        self.source = inputs.source or self.out / 'source'

    def calibration(self, row: Row) -> Path:
        """Folder of the calibration, which belongs to the first row with such settings."""
        def settings(other: Row) -> Any:
            return other.recipe.ccn, other.recipe.samples, other.changes['ccn']
        first = next(other for other in self._rows if settings(other) == settings(row))
        return self.out / 'calibration' / first.name

    def run(self, row: Row, seed: int) -> Path:
        """Folder of a training of the TTN; rows of the same settings share it."""
        def settings(other: Row) -> Any:
            return other.options.method, other.options.calibrated, other.recipe, other.changes
        first = next(other for other in self._rows if settings(other) == settings(row))
        return self.out / 'runs' / first.name / f'seed-{seed}'

    def translations(self, row: Row, seed: int) -> Path:
        """Folder of a row's translations of the test faces."""
        return self.out / 'translations' / f'seed-{seed}' / row.name

    def results(self, name: str) -> Path:
        """Folder of another method's results, in the size and under the names of the test faces."""
        return self.out / 'others' / name

    def figures(self, name: str, seed: int = 0) -> Path:
        """File of the figures of a row, or of another method."""
        return self.out / 'figures' / f'{name}-{seed}.json'


def alignment(layout: Layout, recipe: stages.Recipe) -> List[Task]:
    """Aligned faces of all folders."""
    inputs, found = layout.inputs, []
    for asked, pictures, out, name in ((recipe.align.photos, inputs.photos, layout.photos, 'photo'),
                                       (recipe.align.exemplars, inputs.exemplars, layout.exemplars, 'style'),
                                       (recipe.align.photos, inputs.test, layout.test_faces, 'test'),
                                       (recipe.align.exemplars and layout.styles != layout.exemplars, inputs.styles,
                                        layout.styles, 'compared')):
        if asked:
            step = stages.align(recipe, pictures, out)
            if name == 'test':
                step.words.extend(['--faces', 'largest'])
            found.append(Task(f'align-{name}', step, out))
    return found


def calibration(layout: Layout, rows: Sequence[Row]) -> List[Task]:
    """The source and the calibrations that these rows need, with their samples."""
    found: Dict[str, Task] = {}

    def add(name: str, step: Step, output: Path, samples: int = 0) -> None:
        found.setdefault(name, Task(name, step, output, _config(step), samples))

    for row in rows:
        toonify, folder = row.options.method == TOONIFY, layout.calibration(row)
        if not (row.options.calibrated or toonify):
            continue
        if not layout.inputs.source:
            add('source', stages.source(row.recipe, layout.photos, layout.source, row.changes['source']), layout.source)
        add(f'ccn-{folder.name}', stages.ccn(row.recipe, layout.source, layout.exemplars, folder / 'ccn',
                                             row.changes['ccn']), folder / 'ccn')
        if not toonify:
            add(f'sample-{folder.name}', stages.sample(row.recipe, folder / 'ccn', folder / 'samples'),
                folder / 'samples', row.recipe.samples.count)
            add(f'filter-{folder.name}', stages.filter_samples(row.recipe, folder / 'samples', layout.exemplars),
                folder / 'samples' / 'keep.txt', row.recipe.samples.count)
    return list(found.values())


def row_tasks(layout: Layout, row: Row, seed: int) -> List[Task]:
    """The commands of a row: train, export, translate; or project. Then measure."""
    run, out = layout.run(row, seed), layout.translations(row, seed)
    name, owner = f'{row.name}-{seed}', f'{run.parent.name}-{seed}'
    if row.options.method == TOONIFY:
        made = [Task(f'project-{name}', Step('project', [
            '-m', f'{TOOLS}.project', '--run', str(layout.calibration(row) / 'ccn'), *stages.checkpoint(row.recipe),
            '--blend', str(row.recipe.samples.blend), '--photos', str(layout.test), '--steps',
            str(row.projection.projection_steps), '--out', str(out)]), out)]
    else:
        samples = layout.calibration(row) / 'samples' if row.options.calibrated else None
        training = stages.ttn(row.recipe, layout.photos, layout.exemplars, samples, run / 'ttn',
                              row.changes['ttn'] + [f'train.seed={seed}'])
        made = [Task(f'ttn-{owner}', training, run / 'ttn', _config(training)),
                Task(f'export-{owner}', stages.export(run / 'ttn', run / 'model'), run / 'model'),
                Task(f'translate-{name}', Step('translate', [
                    '-m', 'dctnet.infer', '--model', str(run / 'model'), '--mode', 'whole', '--input',
                    str(layout.test), '--output', str(out)]), out)]
    return made + [measuring(layout, row.name, out, seed)]


def measuring(layout: Layout, name: str, results: Path, seed: int = 0) -> Task:
    """The figures of a folder of translations of the test faces."""
    inputs, out = layout.inputs, layout.figures(name, seed)
    lpips = ['--lpips', str(inputs.lpips)] if inputs.lpips else []
    return Task(f'measure-{name}-{seed}', Step('measure', [
        '-m', 'dctnet.evaluate', '--photos', str(layout.test), '--results', str(results), '--styles',
        str(layout.styles), '--features', inputs.features, *lpips, '--standard-errors', '--cache',
        str(layout.out / 'features_cache'), '--out', str(out)]), out)


def ttn_config(row: Row) -> TtnConfig:
    """The config of a row's translator. Raises UserError for mistakes in it."""
    return config_file.load(TtnConfig, places.config_path(row.recipe.ttn.config),
                            [f'data.size={row.recipe.size}', *row.changes['ttn']])


def _config(step: Step) -> Optional[StageConfig]:
    """The config of a training; None for other commands."""
    if step.stage not in _CONFIGS:
        return None
    words = step.words
    pairs = [pair for word, pair in zip(words, words[1:]) if word == '--set']
    return config_file.load(_CONFIGS[step.stage], places.config_path(words[words.index('--config') + 1]), pairs)


def _without(out: Path, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(out, entry) for key, entry in value.items()}
    return value.replace(str(out), 'WORK') if isinstance(value, str) else value
