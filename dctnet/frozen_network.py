"""A frozen network inside a training graph."""
from typing import Dict, List, Sequence

import numpy as np

from dctnet import frozen
from dctnet.compat import tf

_SMALL = 1024  # bytes; sizes and slopes stay in the graph


class FrozenNetwork:
    """A frozen graph that is called as often as needed and holds its weights once.

    They are local variables, in no checkpoint: constants would be kept by every call, and again by every copy of the
    graph that TensorFlow makes for a new set of fetches. where: the file, named in errors.
    """

    def __init__(self, graph_def: tf.GraphDef, where: str) -> None:
        self._where = where
        self._structure, self._weights = tf.GraphDef(), {}
        for node in graph_def.node:
            if node.op == 'Const' and node.attr['value'].tensor.ByteSize() > _SMALL:
                self._weights[node.name + ':0'] = _held(tf.make_ndarray(node.attr['value'].tensor))
            else:
                self._structure.node.add().CopyFrom(node)
        self._structure.versions.CopyFrom(graph_def.versions)
        self._structure.library.CopyFrom(graph_def.library)

    def __call__(self, inputs: Dict[str, tf.Tensor], outputs: Sequence[str]) -> List[tf.Tensor]:
        """The outputs for these inputs (name -> tensor); gradients flow to the inputs, none to the weights. Raises
        UserError where a name is not in the graph."""
        return frozen.import_into(self._structure, inputs, outputs, self._where, self._weights)


def _held(array: np.ndarray) -> tf.Tensor:
    # The value comes from Python when the variable is initialised: in the graph it would be a constant again.
    def value() -> tf.Tensor:
        found = tf.numpy_function(lambda: array, [], array.dtype)
        found.set_shape(array.shape)
        return found

    variable = tf.Variable(value, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES], name='frozen_weights',
                           dtype=array.dtype)
    return tf.stop_gradient(variable.read_value())
