"""The shape of the program: who may import whom, one importer of TensorFlow, small modules with telling names."""
import ast
import functools
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / 'dctnet').glob('**/*.py')) + sorted((ROOT / 'data_tools').glob('**/*.py'))
SOURCES = MODULES + [ROOT / 'train.py', ROOT / 'infer.py']

# docs/design.md, "Who may import whom". A package stands for its modules.
LAYERS = (
    {'dctnet', 'dctnet.addresses', 'dctnet.compat', 'dctnet.errors', 'dctnet.files', 'dctnet.images', 'dctnet.pictures',
     'dctnet.html_page', 'dctnet.parallel', 'dctnet.config', 'dctnet.config_file', 'dctnet.part_times', 'dctnet.places',
     'dctnet.process', 'dctnet.command_line', 'dctnet.face', 'dctnet.clips'},
    {'dctnet.stage', 'dctnet.frozen', 'dctnet.graph_safety', 'dctnet.distributed', 'dctnet.ops', 'dctnet.losses',
     'dctnet.runs'},
    {'dctnet.nets', 'dctnet.data', 'dctnet.metrics'},
    {'dctnet.models', 'dctnet.engine', 'dctnet.inference', 'dctnet.exporters', 'dctnet.video'},
    {'dctnet.train', 'dctnet.infer', 'dctnet.training', 'dctnet.export', 'dctnet.evaluate', 'dctnet.report',
     'dctnet.study', 'dctnet.diagnosis', 'dctnet.doctor', 'dctnet.flicker', 'dctnet.modelscope', 'dctnet.web',
     'data_tools', 'train', 'infer'},
)
FORBIDDEN = {
    'dctnet.clips': {'dctnet.face'},
    'dctnet.losses': {'dctnet.distributed', 'dctnet.stage', 'dctnet.ops', 'dctnet.frozen', 'dctnet.runs'},
    'dctnet.nets': {'dctnet.data', 'dctnet.metrics', 'dctnet.runs', 'dctnet.stage', 'dctnet.config'},
    'dctnet.metrics': {'dctnet.data', 'dctnet.face', 'dctnet.config'},
    'dctnet.models': {'dctnet.engine', 'dctnet.inference', 'dctnet.data', 'dctnet.face', 'dctnet.metrics',
                      'dctnet.runs'},
    'dctnet.engine': {'dctnet.config', 'dctnet.nets', 'dctnet.models', 'dctnet.face', 'dctnet.losses', 'dctnet.data',
                      'dctnet.ops', 'dctnet.inference', 'dctnet.metrics', 'dctnet.frozen', 'dctnet.exporters'},
    'dctnet.inference': {'dctnet.models', 'dctnet.engine', 'dctnet.nets', 'dctnet.losses', 'dctnet.data',
                         'dctnet.stage', 'dctnet.config', 'dctnet.ops', 'dctnet.runs', 'dctnet.metrics',
                         'dctnet.distributed', 'dctnet.exporters', 'dctnet.clips', 'dctnet.video'},
    'dctnet.video': {'dctnet.models', 'dctnet.engine', 'dctnet.nets', 'dctnet.losses', 'dctnet.data', 'dctnet.stage',
                     'dctnet.config', 'dctnet.ops', 'dctnet.runs', 'dctnet.metrics', 'dctnet.distributed',
                     'dctnet.exporters', 'dctnet.frozen'},
}
COMMAND_LINES = {'dctnet.train', 'dctnet.infer', 'dctnet.export', 'dctnet.errors', 'dctnet.evaluate',
                 'dctnet.doctor', 'dctnet.flicker', 'dctnet.report.__main__', 'dctnet.study.__main__',
                 'dctnet.web.__main__'}


def name_of(path):
    """dctnet/ops/filters.py -> dctnet.ops.filters"""
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULE_NAMES = {name_of(source) for source in SOURCES}


def unit_of(module):
    """The entry of LAYERS that a module of the project belongs to."""
    parts = module.split('.')
    return parts[0] if parts[0] in ('data_tools', 'train', 'infer') else '.'.join(parts[:2])


@functools.lru_cache(maxsize=None)
def imported(path):
    """Names of the modules that a file imports, inside functions too; `from a import b` gives a.b where it is one."""
    known, found = MODULE_NAMES, set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # data_tools is installed as dctnet.data_tools: its modules name each other by their places.
            assert node.level == 0 or name_of(path).startswith('data_tools.'), f'{path}: relative import'
            module = resolve_name('.' * node.level + (node.module or ''), '.'.join(path.relative_to(ROOT).parts[:-1]))
            whole = {module + '.' + alias.name for alias in node.names}
            found |= whole & known
            if whole - known:
                found.add(module)
    return found


def level(unit):
    found = [index for index, layer in enumerate(LAYERS) if unit in layer]
    assert found, f'{unit} has no place in LAYERS: put it into the lowest that its imports allow'
    return found[0]


def project_imports(path):
    return {unit_of(name) for name in imported(path)
            if name.split('.')[0] in ('dctnet', 'data_tools', 'train', 'infer')}


@pytest.mark.parametrize('path', SOURCES, ids=name_of)
def test_nobody_imports_upward(path):
    own = unit_of(name_of(path))
    if own == 'dctnet':
        return  # the front door: it names what stands behind it, and loads that late (tests/test_package.py)
    for other in project_imports(path) - {own}:
        assert level(other) <= level(own), f'{own} imports upward: {other}'
        assert other not in FORBIDDEN.get(own, set()), f'{own} imports {other}'


def test_packages_of_one_layer_do_not_import_in_a_circle():
    edges = {}
    for path in SOURCES:
        edges.setdefault(unit_of(name_of(path)), set()).update(project_imports(path))

    def reachable(unit, seen):
        for other in edges.get(unit, set()) - seen - {'dctnet'}:
            seen.add(other)
            reachable(other, seen)
        return seen
    for unit in edges:
        for other in edges[unit] - {unit}:
            assert unit not in reachable(other, set()), f'{unit} and {other} import each other'


@pytest.mark.parametrize('path', SOURCES + sorted((ROOT / 'tests').glob('**/*.py')), ids=name_of)
def test_tensorflow_is_imported_in_one_place(path):
    if name_of(path) in ('dctnet.compat', 'tests.test_architecture'):
        return
    libraries = {name.split('.')[0] for name in imported(path)}
    assert not libraries & {'tensorflow', 'tf_slim', 'keras'}
    assert 'TENSORFLOW_VERSION <' not in path.read_text(encoding='utf-8')


LIGHT = ('config', 'config_file', 'images', 'pictures.opening', 'errors', 'parallel', 'process', 'command_line',
         'html_page', 'files.atomic', 'files.hashing', 'files.kept_file', 'files.folder_settings', 'files.arrays',
         'files.yaml_file', 'places',
         'runs.folder', 'runs.sample_sheet', 'runs.checkpoint_files', 'data.folders', 'training.inputs',
         'report.__main__', 'study.__main__', 'clips.opening', 'clips.joining', 'clips.segments', 'video.job',
         'video.analysis', 'web.guard', 'web.jobs', 'web.uploads')


def test_light_modules_do_not_load_tensorflow():
    """Config, images and faces can be used without it, and mistakes in a config are reported at once."""
    for name in LIGHT:
        waiting, seen = {'dctnet.' + name}, set()
        while waiting:
            module = waiting.pop()
            seen.add(module)
            path = ROOT / (module.replace('.', '/') + '.py')
            if path.exists():
                waiting |= {other for other in imported(path) if other.startswith('dctnet.')} - seen
        assert 'dctnet.compat' not in seen, name


def test_the_command_line_loads_tensorflow_late():
    tree = ast.parse((ROOT / 'dctnet' / 'train.py').read_text())
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = {name for node in top if isinstance(node, ast.ImportFrom)
               for name in [f'{node.module}.{alias.name}' for alias in node.names] + [node.module]}
    ours = modules & {name_of(source) for source in MODULES if source.stem != '__init__'}
    assert ours and ours <= {f'dctnet.{name}' for name in LIGHT}


def test_no_device_is_hidden():
    for path in SOURCES + [ROOT / 'Makefile'] + list((ROOT / 'requirements').iterdir()) + list(
            (ROOT / 'scripts').glob('*')) + list((ROOT / 'configs').glob('**/*.yaml')):
        assert 'CUDA_VISIBLE' + '_DEVICES' not in path.read_text(encoding='utf-8'), path


@pytest.mark.parametrize('path', SOURCES, ids=name_of)
def test_nothing_is_downloaded_unasked(path):
    network = {'urllib.request', 'http.client', 'socket', 'ssl', 'ftplib', 'requests', 'data_tools.weights.download'}
    allowed = {'data_tools.weights.download': network, 'data_tools.fetch': {'data_tools.weights.download'},
               'dctnet.distributed': {'socket'},  # asks whether the other processes of a job are there
               # for pipelines that are told to fetch addresses
               'dctnet.modelscope.remote_picture': {'urllib.request', 'http.client'},
               'dctnet.web.server': {'socket'}}   # listens
    assert not imported(path) & network - allowed.get(name_of(path), set())


@pytest.mark.parametrize('path', SOURCES, ids=name_of)
def test_modules_are_small_documented_and_well_named(path):
    text = path.read_text(encoding='utf-8')
    assert len(text.splitlines()) <= 250
    assert path.stem not in ('utils', 'util', 'common', 'helpers', 'helper', 'misc', 'base')
    tree = ast.parse(text)
    if text.strip():
        assert ast.get_docstring(tree)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith('_')]
    for node in [entry for owner in [tree] + classes for entry in owner.body]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith('_'):
            assert ast.get_docstring(node), f'{name_of(path)}.{node.name} has no docstring'


@pytest.mark.parametrize('path', SOURCES, ids=name_of)
def test_only_command_lines_print(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
             if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'print']
    assert not calls or name_of(path) in COMMAND_LINES or name_of(path).startswith('data_tools.')


@pytest.mark.parametrize('path', SOURCES, ids=name_of)
def test_choices_for_the_whole_process_are_made_by_commands(path):
    """Environment, signals, allocator, eager mode: a service that imports the package keeps its own."""
    module, text = name_of(path), path.read_text(encoding='utf-8')
    if "if __name__ == '__main__':" in text or module in (
            'dctnet.process', 'dctnet.compat', 'dctnet.errors', 'data_tools.recipe.project_command'):
        return
    assert 'dctnet.process' not in imported(path)
    for word in ('graph_mode(', 'os.environ[', 'environ.setdefault', 'signal.signal(', 'basicConfig('):
        assert word not in text, word
