"""Whether a constant of a graph is what it says: its type, its shape and its bytes agree."""
from typing import Any

from dctnet.compat import tf

# A constant may hold one number for all its elements; so much memory may come of that in a whole graph. Networks use
# it for vectors of zeros.
REPEATED_BYTES = 64 << 20
_MOST_DIMENSIONS = 8

# The field of TensorProto in which TensorFlow keeps numbers that are not given as bytes.
_FIELDS = {'float16': 'half_val', 'bfloat16': 'half_val', 'float32': 'float_val', 'float64': 'double_val',
           'uint8': 'int_val', 'uint16': 'int_val', 'int8': 'int_val', 'int16': 'int_val', 'int32': 'int_val',
           'int64': 'int64_val', 'bool': 'bool_val', 'uint32': 'uint32_val', 'uint64': 'uint64_val'}
_ALL_FIELDS = sorted(set(_FIELDS.values()) | {'string_val', 'scomplex_val', 'dcomplex_val', 'resource_handle_val',
                                              'variant_val'})


def check_constant(node: tf.NodeDef) -> int:
    """The bytes that a Const claims beyond those that it holds (one number may stand for all). Raises ValueError if
    type, shape and content do not agree."""
    if 'value' not in node.attr or node.attr['value'].WhichOneof('value') != 'tensor' or node.input and any(
            not entry.startswith('^') for entry in node.input):
        raise ValueError(f'the constant {node.name} has no value, or inputs')
    tensor, stated = node.attr['value'].tensor, node.attr['dtype'].type
    if tensor.dtype != stated:
        raise ValueError(f'the constant {node.name} is of type {stated} and its value of type {tensor.dtype}')
    sizes = [dimension.size for dimension in tensor.tensor_shape.dim]
    if tensor.tensor_shape.unknown_rank or len(sizes) > _MOST_DIMENSIONS or any(size < 0 for size in sizes):
        raise ValueError(f'the constant {node.name} has no shape')
    elements = 1
    for size in sizes:
        elements *= size  # a Python number, which cannot overflow
    dtype = tf.as_dtype(tensor.dtype)
    held = {field: len(getattr(tensor, field)) for field in _ALL_FIELDS if len(getattr(tensor, field))}
    if tensor.tensor_content:
        if held or len(tensor.tensor_content) != elements * dtype.size:
            raise ValueError(f'the constant {node.name} has {len(tensor.tensor_content)} bytes for {elements} elements '
                             f'of {dtype.name}')
        return 0
    count = held.pop(_FIELDS[dtype.name], 0)
    if held or count > elements:
        raise ValueError(f'the constant {node.name} has {count} numbers for {elements} elements of {dtype.name}')
    claimed = (elements - count) * dtype.size
    if claimed <= REPEATED_BYTES:
        _complete(getattr(tensor, _FIELDS[dtype.name]), count, elements)
    return claimed


def _complete(numbers: Any, count: int, elements: int) -> None:
    # Newer versions leave out zeros, and numbers like the last one; 1.15 reads either all or one for all.
    if count == 0 and elements > 0:
        numbers.append(0)
    elif 1 < count < elements:
        numbers.extend([numbers[-1]] * (elements - count))
