"""The options of a recipe, and the command of each of its stages."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence

from .project_command import TOOLS


@dataclass(frozen=True)
class AlignOptions:
    """data_tools.align_faces.

    photos, exemplars: False if these are aligned faces already.
    border, detector: options of that command.
    cascade: of OpenCV, for the detector of this name; empty for the default.
    """
    photos: bool = True
    exemplars: bool = True
    border: str = 'white'
    detector: str = 'hog'
    cascade: str = ''


@dataclass(frozen=True)
class CcnOptions:
    """train.py ccn; configs are paths or shipped ones. checkpoint: the step to sample from, 0 for the last."""
    source_config: str = 'configs/ccn/source.yaml'
    config: str = 'configs/ccn/official.yaml'
    checkpoint: int = 1000


@dataclass(frozen=True)
class SampleOptions:
    """Options of data_tools.generate_style_faces, and `keep` of data_tools.filter_faces: a share."""
    count: int = 10000
    blend: int = 4
    truncation: float = 0.7
    mean_samples: int = 4096
    seed: int = 0
    keep: float = 0.5


@dataclass(frozen=True)
class TtnOptions:
    """train.py ttn."""
    config: str = 'configs/ttn/official.yaml'


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, by stages. size: side of all images in pixels."""
    size: int = 256
    align: AlignOptions = AlignOptions()
    ccn: CcnOptions = CcnOptions()
    samples: SampleOptions = SampleOptions()
    ttn: TtnOptions = TtnOptions()


class Step(NamedTuple):
    """One command of a stage: the words after `python`."""
    stage: str
    words: List[str]


def align(recipe: Recipe, pictures: Path, out: Path, landmarks: Optional[Path] = None) -> Step:
    """Aligned faces of a folder of pictures. landmarks: JSON of hand-made ones, or None."""
    return _step('align', '-m', f'{TOOLS}.align_faces', '--size', recipe.size, '--border', recipe.align.border,
                 '--detector', recipe.align.detector, *(['--cascade', recipe.align.cascade]
                                                        if recipe.align.cascade else []),
                 pictures, out, *(['--landmarks', landmarks] if landmarks else []))


def source(recipe: Recipe, photos: Path, run: Path, overrides: Sequence[str] = ()) -> Step:
    """A generator of faces, trained on aligned photographs. overrides: KEY=VALUE of its config."""
    return _training('source', 'ccn', recipe.ccn.source_config, run,
                     [f'data.size={recipe.size}', f'data.photo={photos}', *overrides])


def ccn(recipe: Recipe, source_generator: Path, exemplars: Path, run: Path, overrides: Sequence[str] = ()) -> Step:
    """The source calibrated to aligned exemplars. overrides: KEY=VALUE of its config."""
    return _training('ccn', 'ccn', recipe.ccn.config, run, [
        f'data.size={recipe.size}', f'source={source_generator}', f'data.style={exemplars}', *overrides])


def sample(recipe: Recipe, run: Path, out: Path) -> Step:
    """Faces drawn by the calibrated generator of a run."""
    samples = recipe.samples
    return _step('sample', '-m', f'{TOOLS}.generate_style_faces', '--run', run, *checkpoint(recipe), '--count',
                 samples.count, '--blend', samples.blend, '--truncation', samples.truncation, '--mean-samples',
                 samples.mean_samples, '--seed', samples.seed, '--out', out)


def checkpoint(recipe: Recipe) -> List[str]:
    """The option that names the checkpoint of the calibration; none for the last one."""
    return ['--checkpoint', str(recipe.ccn.checkpoint)] if recipe.ccn.checkpoint else []


def filter_samples(recipe: Recipe, samples: Path, exemplars: Path) -> Step:
    """The good ones of the drawn faces: SAMPLES/keep.txt."""
    return _step('filter', '-m', f'{TOOLS}.filter_faces', samples, '--exemplars', exemplars, '--keep',
                 float(recipe.samples.keep))


def ttn(recipe: Recipe, photos: Path, exemplars: Path, samples: Optional[Path], run: Path,
        overrides: Sequence[str] = ()) -> Step:
    """The translator.

    recipe: names its config and the size.
    photos, exemplars: folders of aligned faces.
    samples: folder of filtered samples; None for exemplars alone.
    run: folder of the training.
    overrides: KEY=VALUE of its config.
    """
    generated = [f"data.generated={samples / 'keep.txt'}"] if samples else []
    return _training('ttn', 'ttn', recipe.ttn.config, run, [
        f'data.size={recipe.size}', f'data.photo={photos}', f'data.style={exemplars}', *generated, *overrides])


def export(run: Path, out: Path) -> Step:
    """The model folder of a trained translator."""
    return _step('export', '-m', 'dctnet.export', '--run', run, '--out', out)


def _training(stage: str, kind: str, config: str, run: Path, pairs: Sequence[str]) -> Step:
    return _step(stage, '-m', 'dctnet.train', kind, '--config', config,
                 *[word for pair in pairs for word in ('--set', pair)], '--run', run)


def _step(stage: str, *words: object) -> Step:
    return Step(stage, [str(word) for word in words])
