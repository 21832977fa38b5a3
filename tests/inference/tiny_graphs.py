"""Frozen graphs of a few hundred bytes that stand in for translators."""
from pathlib import Path
from typing import Callable, Optional, Sequence

import numpy as np

from dctnet.compat import tf
from dctnet.frozen import freeze, write_graph


def write_translator(path: Path, function: Callable, shape: Sequence[Optional[int]] = (None, None, 3),
                     dtype: tf.DType = tf.uint8, input_name: str = 'input_image') -> Path:
    """A .pb with the published tensor names that computes `function` of a float picture 0-255."""
    with tf.Graph().as_default(), tf.Session() as session:
        picture = tf.placeholder(tf.float32, list(shape), name=input_name)
        output = tf.identity(tf.cast(function(picture), dtype), name='output_image')
        write_graph(freeze(session, [output]), path)
    return path


def invert(picture: tf.Tensor) -> tf.Tensor:
    """255 - x: what the head graph stands for in the parity vectors."""
    return 255.0 - picture


def darken(picture: tf.Tensor) -> tf.Tensor:
    """x // 2 + 32: what the background graph stands for."""
    return tf.floor(picture / 2.0) + 32.0


def write_model(folder: Path) -> Path:
    """A model folder: heads inverted, background darkened."""
    write_translator(folder / 'cartoon_h.pb', invert)
    write_translator(folder / 'cartoon_bg.pb', darken)
    return folder


def of_background(picture: np.ndarray) -> np.ndarray:
    """What `darken` makes of a uint8 picture."""
    return picture // 2 + 32
