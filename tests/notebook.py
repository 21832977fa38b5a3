"""python -m tests.notebook docs/own_style.ipynb: run the cells of a notebook in order, without Jupyter, and write what
they give into it. Only what cells print on the standard output and pictures of Pillow are kept."""
import ast
import base64
import contextlib
import io
import json
import sys
from pathlib import Path

from PIL import Image


def code_cells(notebook):
    """Its cells with code, in order."""
    return [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']


def run(notebook, replacements=()):
    """Run the code of a notebook (its JSON) in order, as one program. Returns (outputs of each cell, its names).

    replacements: pairs of texts, old and new; each old one must be there.
    """
    names, outputs = {'__name__': '__main__'}, []
    sources = [''.join(cell['source']) for cell in code_cells(notebook)]
    for old, new in replacements:
        assert sum(source.count(old) for source in sources) == 1, old
        sources = [source.replace(old, new) for source in sources]
    for number, source in enumerate(sources, 1):
        outputs.append(_outputs(source, names, number))
    return outputs, names


def _outputs(source, names, number):
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        program = ast.parse('')
        program.body = body
        exec(compile(program, f'cell {number}', 'exec'), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f'cell {number}', 'eval'), names)
    found = []
    if printed.getvalue():
        found.append({'output_type': 'stream', 'name': 'stdout', 'text': printed.getvalue().splitlines(True)})
    if isinstance(value, Image.Image):
        data = io.BytesIO()
        value.convert('RGB').save(data, 'JPEG', quality=88)
        shown = {'image/jpeg': base64.b64encode(data.getvalue()).decode(), 'text/plain': ['<PIL.Image.Image>']}
    elif value is not None:
        shown = {'text/plain': repr(value).splitlines(True)}
    if value is not None:
        found.append({'output_type': 'execute_result', 'execution_count': number, 'metadata': {}, 'data': shown})
    return found


def main():
    """Run the notebook and write its outputs."""
    path = Path(sys.argv[1])
    notebook = json.loads(path.read_text(encoding='utf-8'))
    outputs, _ = run(notebook)
    for number, (cell, found) in enumerate(zip(code_cells(notebook), outputs), 1):
        cell.update(outputs=found, execution_count=number)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
