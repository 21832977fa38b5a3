"""Seeded damage to files: of bytes, of JSON and YAML trees, of archives, of frozen graphs."""
import io
import json
import random
import zipfile
from typing import Any, List

ODD_NUMBERS = [0, -1, 1, 2, 255, 256, 65535, 65536, 2 ** 31 - 1, -2 ** 31, 2 ** 31, 2 ** 32, 2 ** 62, 2 ** 63 - 1,
               -2 ** 63, 10 ** 30, 1e308, -0.0, float('nan'), float('inf'), 0.5]
ODD_TEXTS = ['', ' ', '\x00', '\ufeff', '../../outside', '/etc/hostname', '~nobody/x', 'a' * 70000, '\ud800', '日本語',
             '*', '{}', '%s%n', '2024_01_05', 'no', '1.10', '12:30', '\n', 'NaN', '!!python/object:os.system', 'C:\\x',
             '-']


def of_bytes(data: bytes, draw: random.Random, others: List[bytes]) -> bytes:
    """One to four changes of any file."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(changed) + 1)
        near = min(place, draw.choice([64, 512, len(changed)]))  # heads of files are where sizes stand
        place, length = place if draw.random() < .5 else near, draw.choice([1, 2, 4, 8, 64, 1000])
        what = draw.randrange(7)
        if what == 0 and changed:
            changed[min(place, len(changed) - 1)] ^= 1 << draw.randrange(8)
        elif what == 1:
            del changed[place:]
        elif what == 2:
            del changed[place:place + length]
        elif what == 3:
            changed[place:place] = changed[place:place + length]
        elif what == 4:
            changed[place:place + length] = bytes([draw.choice([0, 255, 127, 128])]) * length
        elif what == 5:
            number = draw.choice([0, 1, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 63 - 1])
            size = draw.choice([2, 4, 8])
            changed[place:place + size] = (number % 2 ** (8 * size)).to_bytes(size, draw.choice(['big', 'little']))
        else:
            other = draw.choice(others)
            changed[place:place + length] = other[place:place + length]
    return bytes(changed)


def of_tree(tree: Any, draw: random.Random) -> Any:
    """A JSON-like tree with one entry replaced, doubled, taken out or deepened."""
    if draw.random() < .25 or not isinstance(tree, (dict, list)) or not tree:
        return _odd(draw, tree)
    key = draw.choice(sorted(tree, key=str)) if isinstance(tree, dict) else draw.randrange(len(tree))
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    if draw.random() < .1:
        del changed[key]
    elif draw.random() < .1 and isinstance(changed, dict):
        changed[draw.choice(ODD_TEXTS)] = changed.pop(key)
    else:
        changed[key] = of_tree(tree[key], draw)
    return changed


def _odd(draw: random.Random, before: Any) -> Any:
    deep: Any = before
    for _ in range(draw.choice([3, 90, 900])):
        deep = [deep] if draw.random() < .5 else {'a': deep}
    return draw.choice([None, True, [], {}, [before] * 3, deep, draw.choice(ODD_NUMBERS), draw.choice(ODD_TEXTS),
                        str(before), [draw.choice(ODD_NUMBERS)] * 40, {str(before)[:99]: before}])


def of_json(data: bytes, draw: random.Random, others: List[bytes]) -> bytes:
    """A JSON file, one object or one a line."""
    if draw.random() < .3:
        return of_bytes(data, draw, others)
    lines = data.decode().splitlines() if data.count(b'\n}') == 0 else [data.decode()]
    place = draw.randrange(len(lines))
    lines[place] = json.dumps(of_tree(json.loads(lines[place]), draw), ensure_ascii=draw.random() < .9)
    text = draw.choice(['\n', '\r\n', '\r']).join(lines)
    return draw.choice([b'', b'\xef\xbb\xbf']) + text.encode('utf-8', 'replace')


def of_yaml(data: bytes, draw: random.Random, others: List[bytes]) -> bytes:
    """A YAML file; JSON is YAML, so a tree is written as such."""
    import yaml
    what = draw.random()
    if what < .3:
        return of_bytes(data, draw, others)
    if what < .5:
        odd = draw.choice(['&a [*a, *a]', '*nothing', '!!binary x', '2024-13-45', '!<x> y', '? [a]\n: b', '- \t-',
                           '%YAML 9', '@', '0o99', '.inf', '=', '<<: 3', '{' * 999, '[' * 3000,
                           '2001-12-14t21:59:43.10-05:00'])
        lines = data.decode().splitlines()
        lines.insert(draw.randrange(len(lines) + 1), draw.choice(['', '  ', 'a: ']) + odd)
        return '\n'.join(lines).encode()
    return json.dumps(of_tree(yaml.safe_load(data.decode()), draw)).encode()


def of_zip(data: bytes, draw: random.Random, others: List[bytes]) -> bytes:
    """An archive (npz, PyTorch) whose members are damaged and whose checksums are right again."""
    if draw.random() < .4:
        return of_bytes(data, draw, others)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, 'w') as archive:
        names = source.namelist()
        chosen = draw.choice(names)
        for name in names:
            content = source.read(name)
            if name == chosen:
                content = of_bytes(content, draw, [content])
                name = draw.choice([name, name, name, '../' + name, name + 'x', 'a/' * 200 + name])
            archive.writestr(name, content, draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return target.getvalue()


def of_graph(data: bytes, draw: random.Random, others: List[bytes]) -> bytes:
    """A frozen graph with one to three fields changed."""
    from dctnet.compat import tf
    from dctnet.graph_safety.contents import ALLOWED_OPS
    if draw.random() < .2:
        return of_bytes(data, draw, others)
    graph_def = tf.GraphDef.FromString(data)
    for _ in range(draw.randint(1, 3)):
        node = draw.choice(graph_def.node)
        what = draw.randrange(6)
        if what == 0:
            node.op = draw.choice(sorted(ALLOWED_OPS))
        elif what == 1 and node.input:
            node.input[draw.randrange(len(node.input))] = draw.choice(
                [draw.choice(graph_def.node).name, '', '^' + node.name, node.name + ':7', 'x' * 999])
        elif what == 2:
            node.name = draw.choice(['', draw.choice(graph_def.node).name, 'é', 'a/../b', node.name + '0'])
        elif what == 3:
            graph_def.versions.producer = draw.choice([0, -1, 2 ** 31 - 1, 21])
        elif node.attr:
            _spoil_attribute(node.attr[draw.choice(sorted(node.attr))], draw)
    return graph_def.SerializeToString(deterministic=True)


def _spoil_attribute(attribute: Any, draw: random.Random) -> None:
    number = draw.choice([-9, -1, 0, 1, 2, 3, 5, 7, 100, 65536, 10 ** 6, 2 ** 31 - 1, 2 ** 62, -2 ** 63])
    kind = attribute.WhichOneof('value')
    if kind == 'tensor':
        tensor = attribute.tensor
        what = draw.randrange(5)
        if what == 0:
            tensor.dtype = draw.randrange(1, 24)
        elif what == 1 and tensor.tensor_shape.dim:
            draw.choice(tensor.tensor_shape.dim).size = number
        elif what == 2:
            tensor.tensor_shape.dim.add(size=number)
        elif tensor.int_val:
            tensor.int_val[draw.randrange(len(tensor.int_val))] = max(-2 ** 31, min(number, 2 ** 31 - 1))
        elif tensor.tensor_content:
            tensor.tensor_content = of_bytes(tensor.tensor_content, draw, [b'\xff' * 64])
        else:
            getattr(tensor, draw.choice(['float_val', 'int64_val', 'double_val'])).append(1)
    elif kind == 'list' and attribute.list.i:
        attribute.list.i[draw.randrange(len(attribute.list.i))] = number
    elif kind == 'shape':
        attribute.shape.dim.add(size=number)
    elif kind == 'type':
        attribute.type = draw.randrange(0, 130)
    elif kind == 's':
        attribute.s = draw.choice([b'', b'VALID', b'SAME', b'EXPLICIT', b'NCHW', b'\xff', b'ab,bc->ac', b'...'])
    elif kind == 'b':
        attribute.b = not attribute.b
    else:
        attribute.i = number
