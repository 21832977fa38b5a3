"""The card beside an exported file: what a program has to know to use it, as JSON."""
import json
from typing import Any, Dict

import numpy as np

import dctnet
from dctnet.exporters.choice import SIDE_MULTIPLE
from dctnet.exporters.translator import Weights, parameter_count
from dctnet.files.hashing import sha256_of_bytes
from dctnet.nets import unet

FREE = ('N', 'H', 'W', 3)


def card(kind: str, data: bytes, weights: Weights, origin: Dict[str, Any], **entries: Any) -> Dict[str, Any]:
    """The card of a file.

    kind: of file, in words.
    data: its content.
    weights: of its translator.
    origin: entries about where they come from.
    entries: more of them: input, output (`tensor`), precision, parity, versions.
    """
    return {'format': kind, **entries, 'channels': unet.channels_of(weights), 'parameters': parameter_count(weights),
            'weights_sha256': weights_hash(weights), 'sha256': sha256_of_bytes(data), **origin,
            'versions': {'dctnet': dctnet.__version__, 'numpy': np.__version__, **entries.get('versions', {})}}


def tensor(name: str, dtype: str, shape: Any = FREE) -> Dict[str, Any]:
    """The entry about an input or output: pictures in BGR, 0 to 255, channels last."""
    return {'name': name, 'dtype': dtype, 'shape': list(shape), 'layout': 'NHWC'[-len(shape):], 'range': [0, 255],
            'colour': 'BGR', 'multiple_of': SIDE_MULTIPLE}


def encoded(entries: Dict[str, Any]) -> bytes:
    """A card as the bytes of its file."""
    return (json.dumps(entries, indent=2) + '\n').encode('utf-8')


def weights_hash(weights: Weights) -> str:
    """SHA-256 of a generator's weights: equal for all files that hold the same translator."""
    parts = [name.encode() + np.ascontiguousarray(weights[name], np.float32).tobytes() for name in sorted(weights)]
    return sha256_of_bytes(b'\n'.join(parts))
