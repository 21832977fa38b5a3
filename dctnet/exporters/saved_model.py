"""The translator as a SavedModel: signature serving_default, input_images [N, H, W, 3] -> output_images."""
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict, Tuple

from dctnet import frozen
from dctnet.compat import TENSORFLOW_VERSION, session_config, tf
from dctnet.exporters import parity, programs
from dctnet.exporters.card import card, encoded, tensor
from dctnet.exporters.choice import FLOAT32, SAVED_MODEL, file_name
from dctnet.exporters.translator import Weights, batch_graph

SIGNATURE = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
INPUT, OUTPUT = (name.split(':')[0] for name in (frozen.BATCH_INPUT, frozen.BATCH_OUTPUT))


def saved_model_files(stem: str, weights: Weights, where: str, origin: Dict[str, Any],
                      of: parity.Reference) -> Dict[str, bytes]:
    """A SavedModel with its card and program, checked after loading it: file name -> content.

    stem: of the folder's name.
    weights, where, origin: of the translator, the name of their origin, entries of the card about it.
    of: what the live graph gives.
    """
    name = file_name(stem, SAVED_MODEL)
    data, found = _written(batch_graph(weights, where), of)
    parity.check(found, FLOAT32, name)
    entries = card('DCT-Net translator, SavedModel', data, weights, origin, input=tensor(INPUT, 'float32'),
                   output=tensor(OUTPUT, 'uint8'), signature=SIGNATURE, tags=[tf.saved_model.tag_constants.SERVING],
                   precision=FLOAT32, parity=found, versions={'tensorflow': TENSORFLOW_VERSION})
    return {f'{name}/saved_model.pb': data, f'{name}.json': encoded(entries),
            f'{name}.py': programs.for_saved_model(name)}


def load(folder: Path, session: tf.Session) -> parity.Run:
    """Load a SavedModel into a session; returns what runs it on batches."""
    signature = tf.saved_model.loader.load(session, [tf.saved_model.tag_constants.SERVING],
                                           str(folder)).signature_def[SIGNATURE]
    entry, result = signature.inputs[INPUT].name, signature.outputs[OUTPUT].name
    return lambda batch: session.run(result, {entry: batch})


def _written(graph_def: tf.GraphDef, of: parity.Reference) -> Tuple[bytes, Dict[str, Any]]:
    """The one file of the model, whose weights are constants, and its parity."""
    with TemporaryDirectory() as place:
        folder = Path(place, 'model')
        with tf.Graph().as_default() as graph, tf.Session(config=session_config('cpu')) as session:
            tf.import_graph_def(graph_def, name='')
            tensors = [graph.get_tensor_by_name(name) for name in (frozen.BATCH_INPUT, frozen.BATCH_OUTPUT)]
            tf.saved_model.simple_save(session, str(folder), {INPUT: tensors[0]}, {OUTPUT: tensors[1]})
        with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
            found = parity.measured(load(folder, session), of, f'TensorFlow {TENSORFLOW_VERSION}')
        return (folder / 'saved_model.pb').read_bytes(), found
