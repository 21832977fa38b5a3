"""Style exemplars drawn by Stable Diffusion, in place of the hundred that an artist would draw.

python -m data_tools.generate_exemplars --style watercolor --model FOLDER --subjects names.txt --out EXEMPLARS
python -m data_tools.generate_exemplars --style watercolor --model FOLDER --photos PHOTOS --out EXEMPLARS

--subjects: a text file, a subject a line ("Audrey Hepburn", "young woman with curly hair"): text to image.
--photos: a folder of photographs, each redrawn in the style (image to image).
--model: a folder with a model of the library diffusers, or a name OWNER/MODEL of its hub, which is downloaded. The five
published ones, damo/cv_cartoon_stable_diffusion_STYLE, are ModelScope's: download one there and name its folder.

EXEMPLARS gets SUBJECT-INDEX-seedSEED.png, manifest.jsonl (prompt, seed, model and versions of every picture),
settings.json and sheets/ to look through. A picture's seed follows from --seed, its subject or photograph, and its
index. The same command again goes on where it was stopped, to the same files bit by bit on the same machine, and takes
new subjects, photographs and a larger --count along; with other settings it is refused in the same folder. Pictures
that the safety checker of the model flags are not saved, and are listed as rejected; a model without one flags nothing.

Needs requirements/exemplars.txt in an environment of its own; no TensorFlow. Exit codes: 0 done, 1 some photographs
could not be read, 2 a mistake to put right, 75 stopped early and resumable.
"""
import argparse
import json
import logging
import shlex
import time
from datetime import timedelta
from pathlib import Path
from typing import Callable, Dict, List, NoReturn, Optional, Sequence

from dctnet import images, places
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.files import atomic

from .exemplars import diffusion, plan
from .exemplars.diffusion import Drawing
from .exemplars.plan import Exemplar
from .folders import manifest_folder
from .samples import contact_sheet

log = logging.getLogger('generate_exemplars')

FLAGGED = 'flagged by the safety checker'
_SHEETS = 'sheets'
_STRENGTH = 0.6


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.generate_exemplars', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    prompt = parser.add_mutually_exclusive_group(required=True)
    prompt.add_argument('--style', choices=sorted(plan.PROMPTS), help='the prompt of a published model')
    prompt.add_argument('--prompt', metavar='TEXT', help='another prompt; NAME stands for the subject')
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--subjects', type=Path, metavar='FILE', help='text file, a subject a line')
    what.add_argument('--photos', type=Path, metavar='FOLDER', help='photographs to redraw: their centre squares')
    parser.add_argument('--subject', metavar='TEXT', help='what the photographs show (default "person")')
    parser.add_argument('--model', required=True, metavar='FOLDER|NAME')
    parser.add_argument('--out', type=Path, required=True, metavar='EXEMPLARS', help='folder for the pictures')
    parser.add_argument('--count', type=int, default=5, help='pictures a subject or photograph (default 5, as '
                        'published)')
    parser.add_argument('--size', type=int, default=512, help='side in pixels (default 512, what the models know)')
    parser.add_argument('--steps', type=int, default=50, help='of the Euler ancestral scheduler (default 50)')
    parser.add_argument('--guidance', type=float, default=7.5, help='how closely to follow the prompt (default 7.5)')
    parser.add_argument('--strength', type=float, help='with --photos: 0 keeps the photograph, 1 forgets it (default '
                                                       f'{_STRENGTH}); takes --steps times strength steps')
    parser.add_argument('--negative-prompt', default='', metavar='TEXT', help='what the pictures should not show')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--batch', type=int, default=1, help='pictures of a subject at the same time (default 1)')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto')
    parser.add_argument('--half', action='store_true', help='half precision: half the memory, faster; GPU only')
    parser.add_argument('--offline', action='store_true', help='download nothing (so does HF_HUB_OFFLINE=1)')
    return parser.parse_args(argv)


def drawing_of(options: argparse.Namespace) -> Drawing:
    """The options as settings of the painter. Raises UserError if one is out of range."""
    if options.strength is not None and not options.photos:
        raise UserError('--strength goes with --photos')
    if options.subject is not None and not options.photos:
        raise UserError('--subject goes with --photos: write subjects into the file of --subjects')
    strength = (_STRENGTH if options.strength is None else options.strength) if options.photos else None
    for wrong, text in (
            (options.prompt is not None and plan.NAME not in options.prompt,
             '--prompt has no NAME in it: write NAME where the subject goes'),
            (options.size % 8 or not 64 <= options.size <= 2048, '--size must be a multiple of 8, 64 to 2048'),
            (options.steps < 1 or options.count < 1 or options.batch < 1, '--steps, --count and --batch must be at '
                                                                          'least 1'),
            (not 0 <= options.guidance < float('inf'), '--guidance must be at least 0'),
            (strength is not None and not 0 < strength <= 1, '--strength must be above 0 and at most 1'),
            (strength is not None and int(options.steps * strength) < 1,
             f'--steps {options.steps} times --strength {strength} is less than a step: raise one'),
            (not 0 <= options.seed < 2 ** 32, '--seed must be 0 to 4294967295'),
            (options.photos and options.out.resolve() == options.photos.resolve(),
             '--photos and --out are the same folder: choose another --out')):
        if wrong:
            raise UserError(text)
    return Drawing(options.size, options.steps, options.guidance, options.negative_prompt, strength)


def is_done(folder: Path, lines: Sequence[str], exemplar: Exemplar) -> bool:
    """True if the manifest's lines say that this image was drawn from this prompt and photograph, and its file is
    there unless it was rejected."""
    for record in map(json.loads, lines):
        if all(record.get(key) == value for key, value in exemplar.record().items()):
            return record.get('rejected') is not None or (folder / exemplar.file).is_file()
    return False


def unfinished(exemplars: Sequence[Exemplar], folder: Path, lines: Dict[str, List[str]],
               batch: int) -> List[List[Exemplar]]:
    """The batches of which the folder lacks an image. They stay whole, so that going on repeats an uninterrupted run
    to the last bit.

    exemplars: all the images of the command, in order.
    folder: where they go.
    lines: its manifest, by file.
    batch: images of a subject at the same time.
    """
    return [group for group in plan.batches(exemplars, batch)
            if not all(is_done(folder, lines.get(exemplar.file, []), exemplar) for exemplar in group)]


def generate(painter: Callable, groups: Sequence[List[Exemplar]], folder: Path, lines: Dict[str, List[str]],
             facts: Dict[str, object]) -> List[Path]:
    """Draw the missing images of these batches. Returns the photographs that could not be read.

    painter: as diffusion.Painter.
    groups: the batches.
    folder: where the images go.
    lines: the folder's manifest, by file; the new lines are added.
    facts: what every line tells besides.
    """
    start, failed = time.time(), []
    for number, group in enumerate(groups, 1):
        photos = None
        if group[0].photo:
            try:
                photos = [images.read_bgr(group[0].photo)] * len(group)
            except UserError as error:
                log.error('failed: %s', error)
                failed.append(group[0].photo)
                continue
        drawn = painter([each.prompt for each in group], [each.seed for each in group], photos)
        for exemplar, image in zip(group, drawn):
            if is_done(folder, lines.get(exemplar.file, []), exemplar):
                continue
            if image is not None:
                images.write_bgr(folder / exemplar.file, image)
            line = json.dumps(dict(exemplar.record(), rejected=FLAGGED if image is None else None, **facts))
            lines[exemplar.file] = [line]
            manifest_folder.append(folder, [line])
        pace = (time.time() - start) / number
        log.info('%d of %d batches, %s: %s; %.1f s each, %s left', number, len(groups), group[-1].file,
                 'rejected' if drawn[-1] is None else 'drawn', pace,
                 timedelta(seconds=int(pace * (len(groups) - number))))
    return sorted(set(failed))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    drawing = drawing_of(options)
    template = options.prompt or plan.PROMPTS[options.style]
    subject = options.subject or 'person'
    if options.subjects:
        exemplars = plan.of_subjects(plan.read_subjects(options.subjects), template, options.count, options.seed)
    else:
        exemplars = plan.of_photos(images.list_images(options.photos), subject, template, options.count, options.seed)
    atomic.check_place(options.out)
    versions = diffusion.versions()
    device = diffusion.device_of(options.device, options.half)
    model = diffusion.find_model(options.model, options.offline)
    settings = dict(drawing._asdict(), prompt=template, seed=options.seed, batch=options.batch, model=model.identity,
                    device=device, half=options.half, photos=bool(options.photos),
                    subject=subject if options.photos else None)
    folder = options.out
    manifest_folder.check(folder, settings)
    lines = manifest_folder.read(folder, 'picture')
    groups = unfinished(exemplars, folder, lines, options.batch)
    painter = diffusion.load(model, drawing, device, options.half) if groups else None
    if painter and not painter.has_safety_checker:
        log.warning('this model has no safety checker: nothing will be rejected, look at every picture')
    manifest_folder.begin(folder, settings)
    manifest_folder.write(folder, lines)
    warn_of_versions(folder, lines, versions)
    try:
        failed = generate(painter, groups, folder, lines, {'versions': versions, 'model': model.identity}
                          ) if painter else []
    except KeyboardInterrupt:
        log.warning('stopped; the same command goes on from here')
        return STOPPED_EARLY
    manifest_folder.write(folder, lines)
    report(folder, lines, failed)
    return SOME_FAILED if failed else DONE


def warn_of_versions(folder: Path, lines: Dict[str, List[str]], versions: Dict[str, str]) -> None:
    """Say so if the folder holds images of other library versions."""
    if any(json.loads(line).get('versions') != versions for each in lines.values() for line in each):
        log.warning('%s holds pictures of other library versions: drawn again, they might differ a little', folder)


def report(folder: Path, lines: Dict[str, List[str]], failed: Sequence[Path]) -> None:
    """The summary: sheets to look at, what was rejected or failed, and what comes next."""
    records = [json.loads(line) for each in sorted(lines) for line in lines[each]]
    usable = [record for record in records if record['rejected'] is None and (folder / record['picture']).is_file()]
    rejected = [record for record in records if record['rejected'] is not None]
    sheets = contact_sheet.write_pages(folder / _SHEETS, [
        contact_sheet.Entry(folder / record['picture'], str(record.get('photo') or record.get('subject')), False)
        for record in usable])
    log.info('%s: %d pictures, %d rejected', folder, len(usable), len(rejected))
    for record in rejected:
        log.info('rejected: %s, %s', record['picture'], record['rejected'])
    for path in failed:
        log.info('failed: %s', path)
    if usable:
        name = shlex.quote(str(folder))
        aligned = shlex.quote(str(folder) + '_aligned')
        log.info(places.as_typed('look at %s, copy the good ones into a folder of their own (or take all), then:\n'
                                 '  python -m data_tools.align_faces %s %s\n  python -m data_tools.check PHOTOS %s'),
                 sheets[0], name, aligned, aligned)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
