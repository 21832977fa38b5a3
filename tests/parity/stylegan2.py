"""stylegan2*.npz: StyleGAN2's generator and discriminator, regularisers, blending, and ArcFace."""
from pathlib import Path
from typing import Dict, List

import numpy as np

from data_tools.weights.stylegan2 import architecture_of, discriminator_arrays, generator_arrays
from data_tools.weights.torch_states import arcface_arrays
from dctnet.compat import session_config, tf
from dctnet.losses import path_lengths, r1_penalty
from dctnet.models.blending import blend
from dctnet.nets import arcface, stylegan2
from tests.parity.comparison import Row
from tests.parity.drawn import arcface_state, names_and_shapes, salt_of, stylegan2_state

RELATIVE = 1e-3


def check(path: Path, styles: Path) -> List[Row]:
    """Compare every quantity of one vector file. Tolerances are relative to a quantity's largest value."""
    with np.load(str(path), allow_pickle=False) as archive:
        expected = {name: archive[name] for name in archive.files}
        salt = salt_of(archive)
    found = _generators(expected, salt)
    found.update(_discriminator(expected, salt))
    found['arcface_embedding'] = _arcface(expected, salt)
    rows = []
    for name in found:
        # Of pictures the largest value counts; norms of gradients are of many sizes, each for itself.
        size = np.abs(expected[name])
        scale = np.maximum(size, 1e-6 * size.max()) if name == 'r1_grad_norms' else size.max()
        rows.append(Row(name, float(np.max(np.abs(found[name] - expected[name]) / scale)), RELATIVE))
    return rows


def _generators(expected: Dict[str, np.ndarray], salt: str) -> Dict[str, np.ndarray]:
    names = names_and_shapes(expected['generator_names'])
    source, target = [generator_arrays(stylegan2_state(prefix, names, salt)) for prefix in ('source/', 'target/')]
    layers = architecture_of(source, 'source').layers

    with tf.Graph().as_default(), tf.Session(config=session_config('cpu', training=True)) as session:
        noise = [tf.constant(array) for array in stylegan2.fixed_noise(source)]
        z, z2, mean = [tf.constant(expected[name]) for name in ('z', 'z2', 'mean_latent')]
        tensors = {name: tf.constant(array) for name, array in source.items()}
        w = stylegan2.mapping(tensors, z)

        def picture(weights: Dict[str, np.ndarray], latents: tf.Tensor) -> tf.Tensor:
            constants = {name: tf.constant(array) for name, array in weights.items()}
            return stylegan2.synthesis(constants, latents, noise)[..., ::-1]  # the file's pictures are RGB

        mixed = stylegan2.per_layer(w, layers, stylegan2.mapping(tensors, z2), tf.constant(4))
        target_tensors = {name: tf.constant(array) for name, array in target.items()}
        per_layer = stylegan2.per_layer(w, layers)
        plain = picture(source, per_layer)
        return session.run({
            'w_source': w, 'image_source': plain,
            'image_target': picture(target, stylegan2.per_layer(stylegan2.mapping(target_tensors, z), layers)),
            'image_truncated_0.7': picture(source, stylegan2.per_layer(stylegan2.truncated(w, mean, 0.7), layers)),
            'image_mixed_at_4': picture(source, mixed),
            'image_blend_at_4': picture(blend(source, target, 4), per_layer),
            'path_lengths': path_lengths(plain, per_layer, tf.constant(expected['path_noise']))})


def _discriminator(expected: Dict[str, np.ndarray], salt: str) -> Dict[str, np.ndarray]:
    """In double precision: the penalty's gradients by the biases nearly cancel, which leaves float32 three digits."""
    state = stylegan2_state('discriminator/', names_and_shapes(expected['discriminator_names']), salt)
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu', training=True)) as session:
        weights = {name: tf.constant(array.astype(np.float64)) for name, array in discriminator_arrays(state).items()}
        real = tf.constant(expected['disc_input'][..., ::-1].astype(np.float64))
        logits = stylegan2.discriminate(weights, real)
        penalty = r1_penalty(logits, real)
        reached = [weights[str(name).replace('.', '/')] for name in expected['r1_grad_names']]
        gradients = [tf.zeros([1]) if g is None else g for g in tf.gradients(penalty, reached)]
        logits, penalty, gradients = session.run([logits, penalty, gradients])
    return {'disc_logits': logits, 'r1_penalty': penalty,
            'r1_grad_norms': np.array([np.linalg.norm(g) for g in gradients])}


def _arcface(expected: Dict[str, np.ndarray], salt: str) -> np.ndarray:
    weights = arcface_arrays(arcface_state(names_and_shapes(expected['arcface_names']), salt), 'parity')
    rgb = expected['arcface_input_256']
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu', training=True)) as session:
        return session.run(arcface.embedding(arcface.face_of(tf.constant(rgb[..., ::-1].copy())), weights))
