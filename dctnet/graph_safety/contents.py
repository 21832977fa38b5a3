"""Checks of a frozen graph's contents before TensorFlow sees any of it: operations, edges, attributes, constants.

TensorFlow believes much of what a graph says: a constant of another type than its bytes ends the process, a circle
never ends. What TensorFlow itself refuses with an error is left to it.
"""
import re
from typing import Dict, List

from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.graph_safety.constant import REPEATED_BYTES, check_constant

ALLOWED_OPS = frozenset('''
    Const Placeholder PlaceholderWithDefault Identity IdentityN StopGradient PreventGradient NoOp
    Conv2D DepthwiseConv2dNative Conv2DBackpropInput BiasAdd MatMul BatchMatMul BatchMatMulV2 Einsum
    AvgPool MaxPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN L2Loss
    BatchNormWithGlobalNormalization CheckNumerics
    Relu Relu6 LeakyRelu Elu Selu Tanh Sigmoid Softplus Softsign Softmax LogSoftmax Erf
    Add AddV2 AddN Sub Mul Div RealDiv DivNoNan FloorDiv FloorMod Mod Maximum Minimum SquaredDifference Neg Abs Sign
    Square Sqrt Rsqrt Reciprocal Inv Exp Log Log1p Expm1 Pow Sin Cos Floor Ceil Round Rint ClipByValue
    Mean Sum Prod Max Min All Any ArgMax ArgMin Cumsum
    Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr LogicalNot Select SelectV2
    Cast Reshape Shape ShapeN Size Rank Squeeze ExpandDims Transpose Pack Unpack ConcatV2 Concat Split SplitV
    Slice StridedSlice Gather GatherV2 GatherNd Tile Fill ZerosLike OnesLike BroadcastTo BroadcastArgs Range
    Pad PadV2 MirrorPad Reverse ReverseV2 SpaceToDepth DepthToSpace SpaceToBatchND BatchToSpaceND
    ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea
'''.split())

_TYPES = frozenset(tf.as_dtype(name).as_datatype_enum for name in (
    'float16', 'bfloat16', 'float32', 'float64', 'uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'int32',
    'int64', 'bool'))
_NAME = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*')
_INPUT = re.compile(r'\^?([A-Za-z0-9.][A-Za-z0-9_.\\/>-]*?)(:\d{1,4})?')
_POSITIVE = {'strides': 1, 'ksize': 1, 'dilations': 1, 'block_size': 2, 'N': 1, 'num': 0, 'num_split': 1}  # least value
_MOST_NODES, _MOST_INPUTS = 100000, 4096
_LONGEST_LIST, _LONGEST_TEXT = 64, 1024   # of an attribute; Einsum's equation is the longest text
_LARGEST_SIDE = 65536                     # of a window or a step
_MOST_DIMENSIONS, _LARGEST = 8, 2 ** 31 - 1


def check(graph_def: tf.GraphDef, where: str) -> None:
    """Raise UserError if a graph holds operations beyond tensor arithmetic, or if its edges, attributes or constants
    cannot be right; `where` names the file.

    What computes nothing is taken out of the graph: functions, devices, and attributes for TensorFlow's own notes.
    """
    nodes = list(graph_def.node) + [node for function in graph_def.library.function for node in function.node_def]
    refused = sorted({node.op for node in nodes} - ALLOWED_OPS)
    if refused:
        raise UserError(f'{where} is refused: it holds operations that no frozen network here needs '
                        f"({', '.join(name[:60] for name in refused[:8])}): use a graph frozen for inference")
    graph_def.library.Clear()
    try:
        _check_edges(graph_def)
        repeated = 0
        for node in graph_def.node:
            _strip(node)
            _check_attributes(node)
            if node.op == 'Const':
                repeated += check_constant(node)
        if repeated > REPEATED_BYTES:
            raise ValueError(f'constants of a single number claim {repeated >> 20} MB of memory')
    except ValueError as error:
        raise UserError(f"{where} is damaged or was not made by TensorFlow ({' '.join(str(error).split())[:200]}): "
                        'export it again, or download it again') from None


def _check_edges(graph_def: tf.GraphDef) -> None:
    """Every input exists, once, and no way leads back to where it began. Raises ValueError."""
    if len(graph_def.node) > _MOST_NODES:
        raise ValueError(f'{len(graph_def.node)} operations')
    waits_for: Dict[str, int] = {}
    for node in graph_def.node:
        if not _NAME.fullmatch(node.name) or node.name in waits_for or len(node.input) > _MOST_INPUTS:
            raise ValueError(f'the operation {node.name[:60]!r} has a bad name, one that exists twice, or '
                             f'{len(node.input)} inputs')
        waits_for[node.name] = len(node.input)
    readers: Dict[str, List[str]] = {name: [] for name in waits_for}
    for node in graph_def.node:
        for entry in node.input:
            source = _INPUT.fullmatch(entry)
            if source is None or source.group(1) not in readers:
                raise ValueError(f'{node.name[:60]} reads {entry[:60]!r}, which is not there')
            readers[source.group(1)].append(node.name)
    ready = [name for name, count in waits_for.items() if count == 0]
    done = 0
    while ready:
        done += 1
        for name in readers[ready.pop()]:
            waits_for[name] -= 1
            if waits_for[name] == 0:
                ready.append(name)
    if done < len(waits_for):
        raise ValueError('its operations go round in a circle')


def _strip(node: tf.NodeDef) -> None:
    for name in [name for name in node.attr if name.startswith('_')]:
        del node.attr[name]
    for field in ('device', 'experimental_debug_info', 'experimental_type'):
        if field in node.DESCRIPTOR.fields_by_name:
            node.ClearField(field)


def _check_attributes(node: tf.NodeDef) -> None:
    for name, attribute in node.attr.items():
        kind = attribute.WhichOneof('value')
        if kind is None or kind in ('func', 'placeholder'):
            raise ValueError(f'{node.name}: the attribute {name[:60]} has no value')
        if kind == 'tensor' and node.op != 'Const':
            raise ValueError(f'{node.name}: a tensor as {name[:60]}')
        entries = attribute.list if kind == 'list' else None
        types = list(entries.type) if entries else [attribute.type] if kind == 'type' else []
        numbers = list(entries.i) if entries else [attribute.i] if kind == 'i' else []
        texts = list(entries.s) if entries else [attribute.s] if kind == 's' else []
        shapes = list(entries.shape) if entries else [attribute.shape] if kind == 'shape' else []
        if entries and (entries.tensor or entries.func or len(entries.type) > _MOST_INPUTS or
                        max(len(entries.i), len(entries.s), len(entries.shape), len(entries.f)) > _LONGEST_LIST):
            raise ValueError(f'{node.name}: the list {name[:60]} is too long or holds tensors')
        if not set(types) <= _TYPES:
            raise ValueError(f'{node.name}: {name[:60]} is no type of numbers')
        if any(len(text) > _LONGEST_TEXT for text in texts):
            raise ValueError(f'{node.name}: the text {name[:60]} is too long')
        for number in numbers:
            _check_number(node.name, name, number)
        for shape in shapes:
            _check_shape(node.name, shape)


def _check_number(node: str, name: str, number: int) -> None:
    if abs(number) > _LARGEST or name in _POSITIVE and not _POSITIVE[name] <= number <= _LARGEST_SIDE:
        raise ValueError(f'{node}: {name[:60]} cannot be {number}')


def _check_shape(node: str, shape: tf.TensorShape) -> None:
    """As an attribute: sizes may be -1, unknown."""
    sizes = [dimension.size for dimension in shape.dim]
    if shape.unknown_rank and sizes or len(sizes) > _MOST_DIMENSIONS or any(
            not -1 <= size <= _LARGEST for size in sizes):
        raise ValueError(f'{node}: the shape {sizes[:9]} cannot be')
