"""Frozen graphs: freeze a session, write and read .pb files, run them alone (FrozenGraph) or in a training graph
(EmbeddedGraph).

What a .pb that is read may hold, and what is done before it runs here: graph_safety.
"""
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
from google.protobuf.message import DecodeError

from dctnet.compat import gpu_available, reason, session_config, tf
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.graph_safety import contents, trial

# The published translator contract (docs/design.md, "Contracts").
TRANSLATOR_INPUT = 'input_image:0'
TRANSLATOR_OUTPUT = 'output_image:0'
# Also in graphs that this project exports: several images of one size, [N, H, W, 3], with the same weights.
BATCH_INPUT, BATCH_OUTPUT = 'input_images:0', 'output_images:0'
TRANSLATOR_SCOPE = 'generator'
_LARGEST_FILE = 2 ** 31 - 1  # bytes of a protocol buffer
_SMALL = 1024  # bytes of a constant that stays in the graph: sizes and slopes
# Content networks: images [N, H, W, 3] BGR in [-1, 1] -> features [N, h, w, c].
CONTENT_INPUT, CONTENT_OUTPUT = 'image:0', 'features:0'


def freeze(session: tf.Session, outputs: Sequence[tf.Tensor]) -> tf.GraphDef:
    """The part of the session's graph that `outputs` need, with variables replaced by their current values."""
    names = [output.op.name for output in outputs]
    graph_def = tf.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), names)
    for node in graph_def.node:
        node.attr.pop('_gradient_op_type', None)  # our gradients, which other programs do not know
    return graph_def


def write_graph(graph_def: tf.GraphDef, path: Path) -> None:
    """Write a .pb of our own making, whole or not at all. Equal graphs give equal bytes."""
    data = graph_def.SerializeToString(deterministic=True)
    atomic.write_bytes(Path(path), data)
    trial.trust(data)


def read_graph(path: Path) -> tf.GraphDef:
    """Read a .pb whose constants are wanted. Raises UserError if it is missing, no graph, holds operations beyond
    tensor arithmetic, or if its contents cannot be right (`graph_safety.contents`)."""
    return _parsed(_bytes(path), str(path))


def read_runnable(path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> tf.GraphDef:
    """Read a .pb that will be run. inputs, outputs: names (NAME:0). Raises UserError as `read_graph` does, if one of
    the names is missing, and if a process of its own does not survive it (`graph_safety.trial`)."""
    data = _bytes(path)
    graph_def = _parsed(data, str(path))
    check_tensors(graph_def, [*inputs, *outputs], str(path))
    trial.check(data, inputs, outputs, str(path), graph_def.SerializeToString())
    return graph_def


def _bytes(path: Path) -> bytes:
    path = Path(path)
    if path.is_dir():
        raise UserError(f'{path} is a folder: name the .pb file')
    try:
        if path.exists() and not path.is_file():
            raise UserError(f'{path} is no file: name the .pb file')
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(f'{path} is no frozen TensorFlow graph: it has {path.stat().st_size >> 20} MB, and a graph '
                            'has 2 GB at most')
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f'frozen graph {path} does not exist: check the path') from None
    except PermissionError:
        raise UserError(f'no permission to read {path}: change its rights') from None
    except OSError as error:
        raise UserError(f'cannot read {path}: {error.strerror}') from error


def _parsed(data: bytes, where: str) -> tf.GraphDef:
    graph_def = tf.GraphDef()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # older protobuf warns of some garbage instead of raising
            graph_def.ParseFromString(data)
    except DecodeError:
        raise UserError(f'{where} is not a frozen TensorFlow graph: export it again, or download it again') from None
    if not graph_def.node:
        raise UserError(f'{where} holds no graph ({len(data)} bytes): export it again, or download it again')
    contents.check(graph_def, where)
    return graph_def


def constants(path: Path, scope: str) -> Dict[str, np.ndarray]:
    """The weights frozen into a .pb: floating-point constants that are no scalars, below the name scope `scope`.

    They keep the names that the variables had, from the scope on: outer scopes are left out. Empty if the graph has no
    such scope. Raises UserError as `read_graph` does, and if a constant is damaged or several networks of that scope
    are in the graph.
    """
    found, places = {}, set()
    for node in read_graph(path).node:
        parts = node.name.split('/')
        if node.op != 'Const' or scope not in parts[:-1]:
            continue
        try:
            array = tf.make_ndarray(node.attr['value'].tensor)
        except (ValueError, TypeError, MemoryError) as error:
            raise UserError(f"{path}: the constant {node.name} is damaged ({' '.join(str(error).split())[:200]}): "
                            'export or download the file again') from error
        if array.ndim == 0 or not np.issubdtype(array.dtype, np.floating):
            continue  # sizes and slopes, which belong to the operations
        start = parts.index(scope)
        places.add('/'.join(parts[:start + 1]))
        found['/'.join(parts[start:])] = array
    if len(places) > 1:
        raise UserError(f"{path} holds several networks ({', '.join(sorted(places))}): which one is meant cannot be "
                        'told; export them into files of their own')
    return found


def import_into(graph_def: tf.GraphDef, inputs: Dict[str, tf.Tensor], outputs: Sequence[str], where: str,
                weights: Optional[Dict[str, tf.Tensor]] = None) -> List[tf.Tensor]:
    """Put a frozen graph into the current one; gradients flow through it. Returns the tensors of `outputs`.

    graph_def: the frozen graph.
    inputs: name (NAME:0) -> tensor that takes its place.
    outputs: names (NAME:0).
    where: the file, named in errors.
    weights: name (NAME:0) -> tensor, for nodes that were taken out of the graph.
    Raises UserError if an input or output name is missing, or if this TensorFlow cannot load the graph.
    """
    check_tensors(graph_def, list(inputs) + list(outputs), where)
    try:
        return tf.import_graph_def(graph_def, input_map=dict(weights or {}, **inputs), return_elements=list(outputs),
                                   name='frozen')
    except ValueError as error:
        raise UserError(f'{where} does not load in TensorFlow {tf.__version__} ({reason(error)}): export it with this '
                        'TensorFlow, or download it again') from error


def scaled(graph_def: tf.GraphDef, factor: float, where: str) -> tf.GraphDef:
    """A content network (CONTENT_INPUT -> CONTENT_OUTPUT) whose features are multiplied by `factor`; `where` names it
    in errors."""
    node = next(node for node in graph_def.node if node.name + ':0' == CONTENT_INPUT)
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, tf.TensorShape(node.attr['shape'].shape), name=node.name)
        features, = import_into(graph_def, {CONTENT_INPUT: image}, [CONTENT_OUTPUT], where)
        tf.multiply(features, factor, name=CONTENT_OUTPUT.split(':')[0])
    return graph.as_graph_def()


def has_tensors(graph_def: tf.GraphDef, tensors: Sequence[str]) -> bool:
    """True if all these names (NAME:0) are in the graph."""
    return {tensor.split(':')[0] for tensor in tensors} <= {node.name for node in graph_def.node}


def check_tensors(graph_def: tf.GraphDef, tensors: Sequence[str], where: str) -> None:
    """Raise UserError if one of these names (NAME:0) is not in the graph; `where` names the file."""
    names = {node.name for node in graph_def.node}
    missing = [name for name in tensors if name.split(':')[0] not in names]
    if missing:
        placeholders = [node.name + ':0' for node in graph_def.node if node.op == 'Placeholder']
        raise UserError(f"{where} has no tensor {', '.join(missing)}: it takes "
                        f"{', '.join(placeholders) or 'no input at all'}; is it the right graph?")


class FrozenGraph:
    """A frozen graph with its own session; calling it runs it. Safe to call from several threads.

    source: a .pb file or a GraphDef.
    inputs, outputs: tensor names (NAME:0).
    device: 'auto', 'cpu' or 'gpu'.
    threads: inside one operation; 0 leaves it to TensorFlow.
    own_threads: for calls from within another session, which may hold all threads that they would share.
    where: the file that a GraphDef came from, named in errors.
    Raises UserError if the file or its tensors do not fit (`read_runnable`, `import_into`), or if there is no GPU and
    device is 'gpu'.
    """

    def __init__(self, source: Union[Path, str, tf.GraphDef], inputs: Sequence[str] = (TRANSLATOR_INPUT,),
                 outputs: Sequence[str] = (TRANSLATOR_OUTPUT,), device: str = 'auto', threads: int = 0,
                 own_threads: bool = False, where: str = 'the graph') -> None:
        if device == 'gpu' and not gpu_available():
            raise UserError(f'no GPU that TensorFlow {tf.__version__} can use: choose device cpu or auto, or check the '
                            'driver')
        from_file = not isinstance(source, tf.GraphDef)
        graph_def = read_runnable(Path(str(source)), inputs, outputs) if from_file else source
        graph = tf.Graph()
        with graph.as_default():
            elements = import_into(graph_def, {}, list(inputs) + list(outputs), str(source) if from_file else where)
        self._inputs, self._outputs = elements[:len(inputs)], elements[len(inputs):]
        config = session_config(device, threads)
        config.use_per_session_threads = own_threads
        self._session = tf.Session(graph=graph, config=config)

    def __call__(self, *arrays: np.ndarray) -> Any:
        """The outputs for these inputs: one array if the graph has one output, else a list."""
        results = self._session.run(self._outputs, dict(zip(self._inputs, arrays)))
        return results[0] if len(results) == 1 else results

    def close(self) -> None:
        """Free the session's memory; the object cannot be called any more."""
        self._session.close()


class EmbeddedGraph:
    """A frozen graph inside a training graph. All calls share one copy of its weights.

    The weights are local variables, in no checkpoint: as constants every call would keep them, and so would every copy
    of the graph that TensorFlow makes for a new set of fetches. where: the file, named in errors.
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
        """The outputs for these inputs (name -> tensor); gradients flow to the inputs, but not to the weights. Raises
        UserError if a name is not in the graph."""
        return import_into(self._structure, inputs, outputs, self._where, self._weights)


def _held(array: np.ndarray) -> tf.Tensor:
    # The value comes from Python when the variable is initialised: in the graph it would be a constant again. Python
    # runs on the CPU. As a tensor, and not as a function of none, it leaves the variable on the device of the training.
    with tf.device('/device:CPU:0'):
        value = tf.numpy_function(lambda: array, [], array.dtype, name='frozen_weights_value')
    value.set_shape(array.shape)
    variable = tf.Variable(value, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES], name='frozen_weights',
                           dtype=array.dtype)
    return tf.stop_gradient(variable.read_value())
