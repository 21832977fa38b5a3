"""The exporter: a frozen translator, which infer.py and the published pipeline take."""
import json

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.exporters.translator import live_translations
from dctnet.frozen import FrozenGraph
from dctnet.modelscope import CartoonTranslationExporter
from dctnet.nets import unet
from dctnet.runs import checkpoint


@pytest.fixture(autouse=True)
def quick(quick_export):
    """Few pixels."""


@pytest.mark.long
def test_the_graph_is_the_checkpoint_s(released, tmp_path):
    ckpt, out = released / 'model' / 'tf_ckpts' / 'model-227', tmp_path / 'out' / 'cartoon_h.pb'
    given = CartoonTranslationExporter().export_frozen_graph_def(ckpt_path=str(ckpt), frozen_graph_path=str(out))
    assert given == {'model': str(out)}
    assert sorted(path.name for path in out.parent.iterdir()) == ['cartoon_h.json', 'cartoon_h.pb', 'cartoon_h.pb.py']
    picture = np.random.RandomState(0).randint(0, 256, (24, 32, 3)).astype(np.uint8)
    expected, = live_translations(unet.exported(checkpoint.read_arrays(ckpt)), 'x', [picture])
    np.testing.assert_array_equal(FrozenGraph(out, device='cpu')(picture.astype(np.float32)), expected)
    assert json.loads((out.parent / 'cartoon_h.json').read_text())['step'] == 1


@pytest.mark.parametrize('ckpt, out, said', [
    ('none/model-0', 'a.pb', 'none/model-0 does not exist'), ('model/tf_ckpts/model-227', 'a.txt', 'ends in .pb'),
    ('input.png', 'a.pb', 'input.png'), ('model/tf_ckpts/model-227', 'input.png/a.pb', 'is a file'),
])
def test_mistakes(alone, monkeypatch, ckpt, out, said):
    monkeypatch.chdir(str(alone))
    with pytest.raises(UserError, match=said):
        CartoonTranslationExporter().export_frozen_graph_def(ckpt, out)
    assert not (alone / 'a.pb').exists()
