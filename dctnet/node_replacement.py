"""Single operations of a frozen graph replaced by faster ones that compute the same, under the same names."""
from typing import Callable, Optional

import numpy as np

from dctnet.compat import tf

Compute = Callable[[tf.Tensor], tf.Tensor]
# A node and, where it has a second input that is constant float32, that (a kernel): -> what to compute of its first
# input instead, None to keep the node.
Choose = Callable[[tf.NodeDef, Optional[np.ndarray]], Optional[Compute]]


def replace_nodes(graph_def: tf.GraphDef, choose: Choose) -> tf.GraphDef:
    """A graph with the same tensors' names, in which `choose` has had its way with every node of one output."""
    by_name = {node.name: node for node in graph_def.node}
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    del result.node[:]
    for node in graph_def.node:
        compute = choose(node, _kernel(node, by_name))
        result.node.extend([node] if compute is None else _nodes(node.name, node.input[0], compute))
    return result


def keeps_size(node: tf.NodeDef) -> bool:
    """Whether a convolution or pooling works at every pixel of [N, H, W, C] and gives the same size (SAME)."""
    attributes = node.attr  # reading what is not there would write it
    steps = {step for name in ('strides', 'dilations') if name in attributes for step in attributes[name].list.i}
    return attributes['padding'].s == b'SAME' and steps == {1} and (
        'data_format' not in attributes or attributes['data_format'].s == b'NHWC')


def _kernel(node: tf.NodeDef, by_name: dict) -> Optional[np.ndarray]:
    if len(node.input) < 2 or node.input[1].startswith('^'):
        return None
    source = by_name[node.input[1].split(':')[0]]
    while source.op == 'Identity':
        source = by_name[source.input[0].split(':')[0]]
    if source.op != 'Const' or source.attr['dtype'].type != tf.float32.as_datatype_enum:
        return None
    return tf.make_ndarray(source.attr['value'].tensor)


def _nodes(name: str, source: str, compute: Compute) -> list:
    """The nodes of `compute` on the tensor `source` of a graph; the last one bears `name`."""
    with tf.Graph().as_default() as graph:
        with tf.name_scope(name + '_replaced'):
            x = tf.placeholder(tf.float32, [None, None, None, None])
            result = compute(x)
        tf.identity(result, name=name)
    nodes = [node for node in graph.as_graph_def().node if node.name != x.op.name]
    for node in nodes:
        node.input[:] = [source if entry == x.op.name else entry for entry in node.input]
    return nodes
