"""The Inception of 2015 that FID and KID are defined on, as its authors froze it (checkpoints/inception.pb)."""
from dctnet import frozen
from dctnet.compat import tf

INPUT, OUTPUT = 'Mul:0', 'pool_3:0'  # RGB in [-1, 1) -> [N, 1, 1, 2048]
SIDE = 299


def features(pictures: tf.Tensor, graph_def: tf.GraphDef) -> tf.Tensor:
    """Last pooled features: [N, 299, 299, 3] BGR in [-1, 1] -> [N, 2048]."""
    levels = (pictures[..., ::-1] + 1.0) * 127.5
    pooled, = frozen.import_into(graph_def, {INPUT: (levels - 128.0) / 128.0}, [OUTPUT], 'Inception')
    return tf.reduce_mean(pooled, axis=[1, 2])


def pooling_part(graph_def: tf.GraphDef, where: str) -> tf.GraphDef:
    """The part of a published graph from INPUT to OUTPUT, without the decoding of JPEG files and the classifier.

    where: the file, named in errors. Raises UserError if the graph has no such tensors.
    """
    frozen.check_tensors(graph_def, [INPUT, OUTPUT], where)
    opened = tf.GraphDef()
    opened.CopyFrom(graph_def)
    for node in opened.node:
        if node.name == INPUT.split(':')[0]:
            node.Clear()
            node.name, node.op = INPUT.split(':')[0], 'Placeholder'
            node.attr['dtype'].type = tf.float32.as_datatype_enum
    return tf.graph_util.extract_sub_graph(opened, [OUTPUT.split(':')[0]])
