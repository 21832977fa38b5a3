"""SavedModel: one file with the weights in it, one signature, the live graph's values."""
import json

import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.exporters import saved_model


@pytest.mark.long
def test_it_loads_and_gives_what_the_live_graph_gives(exported, reference):
    folder = exported[0] / 'cartoon_saved_model'
    assert [path.name for path in folder.iterdir()] == ['saved_model.pb']
    with tf.Graph().as_default(), tf.Session() as session:
        run = saved_model.load(folder, session)
        for picture, expected in zip(reference.pictures, reference.translations):
            found = run(np.stack([picture, picture[::-1]]).astype(np.float32))
            assert found.dtype == np.uint8 and np.abs(found[0].astype(int) - expected).max() <= 1
            assert (found[0] != found[1]).any()


@pytest.mark.long
def test_the_signature(exported):
    with tf.Graph().as_default(), tf.Session() as session:
        meta = tf.saved_model.loader.load(session, ['serve'], str(exported[0] / 'cartoon_saved_model'))
    card = json.loads((exported[0] / 'cartoon_saved_model.json').read_text())
    signature = meta.signature_def[card['signature']]
    assert list(signature.inputs) == [card['input']['name']] and list(signature.outputs) == [card['output']['name']]
    assert [dim.size for dim in signature.inputs['input_images'].tensor_shape.dim] == [-1, -1, -1, 3]
