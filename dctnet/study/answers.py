"""A preference study, and the answer files that its page exports, checked."""
import json
from itertools import combinations
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from dctnet.errors import UserError, what_is_wrong
from dctnet.files import json_file, text_file
from dctnet.files.hashing import sha256_of_bytes

QUESTIONS = ('content', 'style')  # which keeps the person better; which has the better style
_MOST_QUESTIONS = 1000000  # nobody answers more; they are all listed
Item = Tuple[str, str, str, str]  # image, first method, second method, question


class Study(NamedTuple):
    """methods and names of images, sorted. id: a hash of both."""
    methods: List[str]
    names: List[str]

    @property
    def id(self) -> str:
        """The same for the same methods and images."""
        return sha256_of_bytes(json.dumps([self.methods, self.names]).encode())[:16]

    def items(self) -> List[Item]:
        """All that one participant is asked: every image, every pair of methods, both questions."""
        return [(name, a, b, question) for name in self.names for a, b in combinations(self.methods, 2)
                for question in QUESTIONS]


class Answers(NamedTuple):
    """One participant's choices: item -> the method that was preferred."""
    participant: str
    choices: Dict[Item, str]


def read_answers(paths: Sequence[Path]) -> Tuple[Study, List[Answers]]:
    """Answer files of one study. Raises UserError, naming the file, for what the page cannot have written."""
    studies: Dict[str, Path] = {}
    files: Dict[str, Path] = {}
    result = []
    for path in paths:
        study, answers = _read(Path(path))
        studies.setdefault(study.id, path)
        if len(studies) > 1:
            raise UserError('{} and {} belong to different studies: score each study alone'.format(*studies.values()))
        if answers.participant in files:
            raise UserError(f'{files[answers.participant]} and {path} are of the same participant '
                            f'({answers.participant}): keep one of them')
        files[answers.participant] = path
        result.append(answers)
    if not result:
        raise UserError('no answer files: name the JSON files that the participants have exported')
    return study, result


def _read(path: Path) -> Tuple[Study, Answers]:
    text = text_file.read(path, 'answer file')
    try:
        record = json_file.parse_object(text)
        study = Study(_texts(record['methods']), _texts(record['names']))
        participant, answers = record['participant'], list(record['answers'])
        choices: Any = [(tuple(_texts(entry['item'])), entry['choice']) for entry in answers]
        questions = len(study.methods) ** 2 * len(study.names)
        if questions > _MOST_QUESTIONS:
            raise ValueError(f'{len(study.methods)} methods, {len(study.names)} pictures')
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no answer file of a study page ({what_is_wrong(error)}): ask for it "
                        'again') from error
    if record.get('study') != study.id:
        raise UserError(f'{path}: the study id does not fit its methods and pictures, so the file was edited: ask for '
                        'it again')
    if not isinstance(participant, str) or not participant:
        raise UserError(f'{path}: the participant has no name: ask for the file again')
    allowed: Any = set(study.items())
    seen: Dict[Item, str] = {}
    for item, choice in choices:
        if item not in allowed:
            raise UserError(f"{path}: the study has no question {', '.join(item)}: ask for the file again")
        if item in seen:
            raise UserError(f"{path}: question {', '.join(item)} is answered twice: ask for it again")
        if not isinstance(choice, str) or choice not in item[1:3]:
            raise UserError(f"{path}: {choice!r} is none of the methods of question {', '.join(item)}: ask for the "
                            'file again')
        seen[item] = choice
    if not seen:
        raise UserError(f'{path} holds no answers: leave it out')
    return study, Answers(participant, seen)


def _texts(values: Any) -> List[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError('a list of texts is missing')
    return values
