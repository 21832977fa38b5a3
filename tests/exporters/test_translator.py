"""The translator that exports start from: the live graph, frozen under the published contract."""
import cv2
import numpy as np

from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.exporters.translator import translator_graph
from dctnet.graph_safety import contents
from dctnet.nets import unet
from dctnet.runs import checkpoint


def test_frozen_equals_live(weights):
    graph = frozen.FrozenGraph(translator_graph(weights, 'x'), device='cpu')
    picture = np.random.RandomState(1).randint(0, 256, (24, 20, 3)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        unit = tf.constant(picture[None] / 127.5 - 1.0, tf.float32)
        output = unet.translate(unit, 2)
        checkpoint.warm_start(session, unet.variables(), weights, 'x')
        live = session.run(output)[0]
    found = graph(picture)
    assert found.dtype == np.uint8 and found.shape == (24, 20, 3)
    assert np.abs(found.astype(int) - images.to_uint8(live)).max() <= 1
    assert (np.abs(found.astype(int) - images.to_uint8(live)) == 0).mean() > 0.99


def test_a_batch_beside_it_shares_the_weights(weights):
    graph_def = translator_graph(weights, 'x')
    assert sum(node.op == 'Const' and node.name.endswith('weights') for node in graph_def.node) == 18
    single = frozen.FrozenGraph(graph_def, device='cpu')
    batched = frozen.FrozenGraph(graph_def, [frozen.BATCH_INPUT], [frozen.BATCH_OUTPUT], device='cpu')
    pictures = np.random.RandomState(1).randint(0, 256, (3, 24, 20, 3)).astype(np.float32)
    found = batched(pictures)
    assert found.dtype == np.uint8 and found.std() > 5
    assert np.abs(found.astype(int) - [single(picture) for picture in pictures]).max() <= 1


def test_the_published_contract(weights):
    graph_def = translator_graph(weights, 'x')
    assert {node.op for node in graph_def.node} <= contents.ALLOWED_OPS
    by_name = {node.name: node for node in graph_def.node}
    assert by_name['input_image'].op == 'Placeholder' and by_name['input_image'].attr['dtype'].type == 1  # float32
    assert by_name['output_image'].attr['DstT'].type == 4  # uint8
    assert set(weights) <= set(by_name)  # constants keep the released names


def test_colour_order_and_range_of_the_contract(weights):
    """Linear parts checked by hand: a generator of zeros gives the guided filter of grey, whatever the picture."""
    zeros = {name: np.zeros_like(array) for name, array in weights.items()}
    last = sorted(name for name in weights if name.endswith('biases') and weights[name].size == 3)
    assert len(last) == 1
    zeros[last[0]] = np.array([-1.0, 0.0, 0.5], np.float32)
    graph = frozen.FrozenGraph(translator_graph(zeros, 'x'), device='cpu')
    found = graph(np.random.RandomState(0).randint(0, 256, (8, 8, 3)).astype(np.float32))
    assert (found == [0, 127, 191]).all()
    assert cv2.cvtColor(found, cv2.COLOR_BGR2RGB)[0, 0].tolist() == [191, 127, 0]
