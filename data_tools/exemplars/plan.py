"""Which exemplars are to be drawn: their prompts, their seeds, and the names of their files."""
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from dctnet.errors import UserError
from dctnet.files import text_file
from dctnet.files.hashing import sha256_of_file, sha256_of_lines

# docs/recipe.md, "Exemplars from Stable Diffusion": the prompts that the published models were tuned with.
NAME = 'NAME'
PROMPTS = {
    'clipart': 'archer style, a portrait painting of NAME',
    'design': 'sks style, a painting of a NAME, no text',
    'illustration': 'sks style, a painting of a NAME, no text',
    'watercolor': 'sks style, a painting of a NAME, no text',
    'flat': 'sks style, a painting of a NAME, no text',
}
_NAME_LENGTH = 40


class Exemplar(NamedTuple):
    """An image to draw.

    file: its name, which tells its seed.
    subject: who or what it shows.
    prompt: what the model is told.
    index: among the images of the same subject or photograph.
    seed: of the random numbers.
    photo: what it is drawn over, or None.
    photo_sha256: hash of that file, or None.
    """
    file: str
    subject: str
    prompt: str
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody wants of it
    seed: int
    photo: Optional[Path]
    photo_sha256: Optional[str]

    def record(self) -> Dict[str, Any]:
        """The entries of the manifest that are known before it is drawn."""
        return {'picture': self.file, 'subject': self.subject, 'prompt': self.prompt, 'index': self.index,
                'seed': self.seed, 'photo': self.photo and self.photo.name, 'photo_sha256': self.photo_sha256}


def read_subjects(path: Path) -> List[str]:
    """The subjects of a text file, a line each; empty lines and lines that begin with # are left out.

    Raises UserError if it cannot be read, has no subject, or has one twice.
    """
    first: Dict[str, int] = {}
    for number, line in enumerate(text_file.lines(path, 'list of subjects'), 1):
        subject = ' '.join(line.split())
        if subject and not subject.startswith('#') and first.setdefault(subject, number) != number:
            raise UserError(f'{path}: lines {first[subject]} and {number} are both {subject!r}: their pictures would '
                            'be the same; remove one')
    if not first:
        raise UserError(f'{path} holds no subject: write one a line, for example "young woman with curly hair"')
    return list(first)


def of_subjects(subjects: Sequence[str], template: str, count: int, seed: int) -> List[Exemplar]:
    """`count` images of each subject.

    subjects: names or descriptions.
    template: the prompt, with NAME for the subject.
    count: images of each.
    seed: of the command.
    Raises UserError if two subjects would get the same file.
    """
    return _distinct([_exemplar(subject, subject, template, index, seed, None, None)
                      for subject in subjects for index in range(count)])


def of_photos(photos: Sequence[Path], subject: str, template: str, count: int, seed: int) -> List[Exemplar]:
    """`count` images over each photograph.

    photos: their files.
    subject: what they show.
    template, count, seed: as for `of_subjects`.
    Raises UserError if two photographs would get the same file, or one cannot be read.
    """
    exemplars = []
    for photo in photos:
        digest = sha256_of_file(photo)
        exemplars += [_exemplar(photo.name, subject, template, index, seed, photo, digest) for index in range(count)]
    return _distinct(exemplars)


def image_seed(seed: int, key: str, index: int) -> int:
    """The seed of an image, 0 to 2^32 - 1, from the command's seed, the subject or the photograph's name, and its
    index: other subjects and more images leave it as it is."""
    return int(sha256_of_lines([f'{seed}/{index}/{key}'])[:8], 16)


def batches(exemplars: Sequence[Exemplar], size: int) -> Iterator[List[Exemplar]]:
    """The images that are drawn together: at most `size`, all of one subject or photograph, so that the batches of
    one do not depend on the others."""
    start = 0
    for end in range(1, len(exemplars) + 1):
        if end - start == size or end == len(exemplars) or exemplars[end].index == 0:
            yield list(exemplars[start:end])
            start = end


def _exemplar(key: str, subject: str, template: str, index: int, seed: int, photo: Optional[Path],
              digest: Optional[str]) -> Exemplar:
    own_seed = image_seed(seed, key, index)
    words = re.sub(r'[^\w]+', '-', photo.stem if photo else key)[:_NAME_LENGTH].strip('-') or 'subject'
    return Exemplar(f'{words}-{index:02d}-seed{own_seed}.png', subject, template.replace(NAME, subject), index,
                    own_seed, photo, digest)


def _distinct(exemplars: List[Exemplar]) -> List[Exemplar]:
    files: Dict[str, Exemplar] = {}
    for exemplar in exemplars:
        other = files.setdefault(exemplar.file.lower(), exemplar)
        if other is not exemplar:
            raise UserError(f'{other.photo or other.subject} and {exemplar.photo or exemplar.subject} would give the '
                            f'same file {exemplar.file}: rename one, or take another --seed')
    return exemplars
