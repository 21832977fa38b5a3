"""checkpoints/manifest.yaml: complete, nothing invented, and true for the files that are installed."""
import hashlib
import re
from pathlib import Path

import pytest
import yaml

from data_tools import import_weights
from data_tools.weights import manifest
from dctnet.face.installed_models import CNN_DETECTOR, DESCRIPTOR, LANDMARKS, installed_model

FOLDER = Path(__file__).parents[3] / 'checkpoints'
ENTRIES = yaml.safe_load((FOLDER / 'manifest.yaml').read_text())
KEYS = {'file', 'source', 'urls', 'sha256', 'md5', 'size', 'verified_by', 'licence', 'used_by', 'import', 'makes'}


@pytest.mark.parametrize('name', sorted(ENTRIES))
def test_entries_are_complete(name):
    entry = ENTRIES[name]
    assert KEYS <= set(entry) <= KEYS | {'model_ids'}
    assert entry['sha256'] is None or re.match('[0-9a-f]{64}$', entry['sha256'])
    assert entry['md5'] is None or re.match('[0-9a-f]{32}$', entry['md5'])
    assert entry['size'] is None or isinstance(entry['size'], int)
    assert all(re.match('https://[^ ]+$', url) for url in entry['urls'])
    assert not entry['urls'] or re.match('[^/, ]+$', entry['file']), 'addresses lead to one file'
    stated = [entry[key] for key in ('sha256', 'md5', 'size') if entry[key] is not None]
    assert bool(stated) == (entry['verified_by'] is not None), 'a checksum needs its origin'


def test_entries_can_be_fetched():
    entries = manifest.read_entries()
    assert list(entries) == list(ENTRIES)
    assert entries['vgg19_keras'].checksum == 'md5' and entries['vgg19_npy'].checksum == 'sha256'
    assert entries['alpha_mask'].checksum is None and not entries['released_styles'].is_one_file
    files = [entry.file for entry in entries.values()]
    assert len(set(files)) == len(files), 'all go into one folder'


def test_the_readme_names_the_entries():
    readme = (FOLDER / 'README.md').read_text()
    assert [name for name, entry in ENTRIES.items() if entry['urls'] and f'`{name}`' not in readme] == []


def test_commands_are_ours():
    commands = [entry['import'] for entry in ENTRIES.values() if entry['import']]
    readme = (FOLDER / 'README.md').read_text()
    commands += re.findall(r'^    (python -m data_tools\.import_weights .*)$', readme, re.MULTILINE)
    assert len(commands) == 21
    for command in commands:
        import_weights.parse(command.split()[3:])


@pytest.mark.parametrize('key, name', [('face_landmarks', LANDMARKS), ('face_descriptor', DESCRIPTOR),
                                       ('face_cnn_detector', CNN_DETECTOR)])
def test_installed_files_have_the_size_and_hash_of_the_manifest(key, name):
    data = installed_model(name).read_bytes()
    entry = ENTRIES[key]
    assert entry['file'] == name
    assert len(data) == entry['size']
    assert hashlib.sha256(data).hexdigest() == entry['sha256']
    assert hashlib.md5(data).hexdigest() == entry['md5']
