"""The notebook in docs/: its cells run in order, and the outputs that it shows are those of its cells."""
import base64
import io
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import notebook

FILE = Path(__file__).parents[1] / 'docs' / 'own_style.ipynb'


@pytest.fixture(scope='module')
def content():
    return json.loads(FILE.read_text(encoding='utf-8'))


def pictures(outputs):
    return [Image.open(io.BytesIO(base64.b64decode(entry['data']['image/jpeg']))) for entry in outputs
            if 'image/jpeg' in entry.get('data', {})]


@pytest.mark.long
def test_it_runs_and_gives_what_it_shows(content, tmp_path, monkeypatch, quick_export, one_detector, caplog):
    monkeypatch.chdir(str(tmp_path))
    level = logging.getLogger().level
    outputs, names = notebook.run(content, [
        ('steps = Path(\'runs/notebook\'), 500', 'steps = Path(\'runs/notebook\'), 3'),
        ("'evaluate.every=0', 'start.pixel=100', 'start.discriminator=50', 'start.ramp=50'",
         "'evaluate.every=0', 'start.pixel=1', 'start.discriminator=1', 'start.ramp=1', 'model.channels=2', "
         "'loss.content=0', 'loss.scales=1', 'data.size=32', 'train.device=cpu'")])
    logging.getLogger().setLevel(level)
    shown = [cell['outputs'] for cell in notebook.code_cells(content)]
    assert [kinds(found) for found in outputs] == [kinds(found) for found in shown]
    for found, stored in zip(outputs[-1:], shown[-1:]):
        assert found == stored  # sizes and types
    assert [picture.size for picture in pictures(sum(outputs[-2:], []))] == [(512, 256)]
    assert (np.asarray(names['cartoon']) != np.asarray(names['photograph'])).any()


def kinds(outputs):
    return [(entry['output_type'], sorted(entry.get('data', {}))) for entry in outputs]


def test_its_outputs_are_of_the_cells_as_they_are(content):
    cells = notebook.code_cells(content)
    assert [cell['execution_count'] for cell in cells] == list(range(1, len(cells) + 1))
    before_after = pictures(cells[-2]['outputs'])[0]
    photograph, cartoon = np.split(np.asarray(before_after).astype(int), 2, axis=1)
    assert np.abs(cartoon - photograph).mean() > 10
    assert FILE.stat().st_size < 300000
    text = FILE.read_text(encoding='utf-8')
    assert '/tmp' not in text and '/work/' not in text
