"""The documents: what is cited exists, links lead somewhere, a page says what it is for, and README links to it."""
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import dctnet
from tests.test_architecture import LAYERS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / 'docs').glob('*.md'))
DOCUMENTS = PAGES + [ROOT / name for name in ('README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'checkpoints/README.md',
                                              'configs/cluster/README.md')]
TEXT = ('.py', '.md', '.yaml', '.yml', '.sh', '.txt', '.cfg', '.toml', '.cff', '.sbatch', '')
# README.md, CHANGELOG.md and their like, or a document in a folder; FILE.md stands for a file of the user's.
CITED_FILE = re.compile(r'(?<![\w/.-])((?:[\w.-]+/)+[\w-]+\.md|(?!FILE)[A-Z]+\.md)\b')
CITED_SECTION = re.compile(r'(docs/\w+\.md),\s+"([^"]+)"')
LINK = re.compile(r'(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)')


def tracked_texts():
    """Every text file that git knows, or will know."""
    listing = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], cwd=str(ROOT),
                             stdout=subprocess.PIPE, check=True).stdout.decode()
    return [ROOT / name for name in listing.splitlines() if Path(name).suffix in TEXT and (ROOT / name).is_file()]


def without_code(text):
    return re.sub(r'```.*?```|`[^`\n]*`', '', text, flags=re.DOTALL)


def headings(document):
    text = re.sub(r'```.*?```', '', document.read_text(encoding='utf-8'), flags=re.DOTALL)
    return re.findall(r'^#{1,6} (.+)$', text, flags=re.MULTILINE)


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    words = re.sub(r'[^\w\- ]', '', re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading).lower())
    return words.replace(' ', '-')


def unwrapped(text):
    """Comments and docstrings as running text: a citation may go over the end of a line."""
    return re.sub(r'\s*\n\s*(?:#\s*)?', ' ', text)


def test_every_cited_document_exists():
    missing = set()
    for path in tracked_texts():
        for name in CITED_FILE.findall(path.read_text(encoding='utf-8')):
            if not (ROOT / name).exists() and not (path.parent / name).exists():
                missing.add((str(path.relative_to(ROOT)), name))
    assert not missing


def test_every_cited_section_exists():
    cited = [(path, *citation) for path in tracked_texts()
             for citation in CITED_SECTION.findall(unwrapped(path.read_text(encoding='utf-8')))]
    assert len(cited) > 20
    missing = [(str(path.relative_to(ROOT)), name, section) for path, name, section in cited
               if section not in headings(ROOT / name)]
    assert not missing


def test_code_cites_sections_in_quotes():
    """docs/recipe.md, "TTN": so that they can be checked."""
    unquoted = {(str(path.relative_to(ROOT)), words) for path in tracked_texts() if path.suffix in ('.py', '.yaml')
                for words in re.findall(r'docs/\w+\.md,? (?:section )?[A-Z]\w*',
                                        unwrapped(path.read_text(encoding='utf-8')))}
    assert not unquoted


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = without_code(document.read_text(encoding='utf-8'))
    for target in [page or picture for page, picture in LINK.findall(text)]:
        if re.match(r'https?://', target):
            continue
        name, _, fragment = target.partition('#')
        path = (document.parent / name) if name else document
        assert path.exists(), target
        if fragment:
            assert fragment in [anchor(heading) for heading in headings(path)], target


@pytest.mark.parametrize('page', PAGES, ids=lambda path: path.stem)
def test_a_page_opens_with_what_it_is_for(page):
    title, opening = [line for line in page.read_text(encoding='utf-8').splitlines() if line][:2]
    assert title.startswith('# ')
    assert re.match(r'[A-Z]\w+', opening), f'{page.name} does not open with a sentence: {opening!r}'


@pytest.mark.parametrize('page', PAGES, ids=lambda path: path.stem)
def test_every_page_is_linked_from_the_readme(page):
    assert f'](docs/{page.name})' in (ROOT / 'README.md').read_text(encoding='utf-8')


def test_one_version_in_all_places():
    newest = re.search(r'^## (\d+\.\d+\.\d+)', (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8'), flags=re.MULTILINE)
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text(encoding='utf-8'))
    assert newest.group(1) == citation['version'] == dctnet.__version__


def test_the_design_names_the_layers_that_the_architecture_test_checks():
    rows = re.findall(r'^\| (\d) \| (.+) \|$', (ROOT / 'docs' / 'design.md').read_text(encoding='utf-8'), re.MULTILINE)
    documented = {int(number): set(re.findall(r'`(\w+)`', units)) for number, units in rows}
    checked = {number: {unit.split('.')[-1] for unit in layer} - {'dctnet'} for number, layer in enumerate(LAYERS)}
    assert documented == checked
