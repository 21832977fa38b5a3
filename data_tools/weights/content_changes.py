"""What a trained content network says of changes to a photograph: the measure of `content_scale`."""
from typing import Dict

import cv2
import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.losses import content_loss

from ..recipe.demo_material import paint, portrait, views

SIZE = 64
_RED_GREEN, _BLUE_YELLOW = (0, -0.51, 1), (1, -0.129, -0.129)  # of equal luma, BGR

# What `costs` gives for a trained VGG16 (ImageNet, Caffe's convention, conv4_3 before its ReLU), which stands in for
# VGG19's conv4_4: measured once, in 2026-11. The published weight of 200 belongs to such a network.
TRAINED = {'painted': 1.234, 'blur': 0.9332, 'red grain': 0.1176, 'blue grain': 0.1356, 'red spots': 0.3777,
           'blue spots': 0.2925, 'red cast': 0.2011, 'blue cast': 0.1369, 'grey grain': 0.6748}


def changes() -> Dict[str, np.ndarray]:
    """Name -> float32 [4, SIZE, SIZE, 3] BGR in [-1, 1]: views of a public-domain photograph as 'photo', and what was
    changed in them."""
    photos, rng = views(portrait(), 4, SIZE, seed=3), np.random.RandomState(0)
    found = {'photo': photos, 'painted': np.stack([paint(photo) for photo in photos]),
             'blur': np.stack([cv2.GaussianBlur(photo, (0, 0), 2) for photo in photos])}
    fine = rng.normal(0, 8, (4, SIZE, SIZE, 1))
    coarse = np.stack([cv2.GaussianBlur(noise, (0, 0), 3) for noise in fine])[..., None] * 10
    for name, noise in (('grain', fine), ('spots', coarse), ('cast', 12)):
        for hue, direction in (('red', _RED_GREEN), ('blue', _BLUE_YELLOW)):
            found[f'{hue} {name}'] = photos + noise * np.array(direction)
    found['grey grain'] = photos + fine
    return {name: (np.clip(pictures, 0, 255) / 127.5 - 1).astype(np.float32) for name, pictures in found.items()}


def costs(network: tf.GraphDef, where: str) -> Dict[str, float]:
    """Change -> 200 * content loss of a content network; `where` names it in errors."""
    pictures = changes()
    with tf.Graph().as_default(), tf.Session() as session:
        features = frozen.EmbeddedGraph(network, where)

        def of(name: str) -> tf.Tensor:
            return features({frozen.CONTENT_INPUT: tf.constant(pictures[name])}, [frozen.CONTENT_OUTPUT])[0]
        losses = {name: 200 * content_loss(of('photo'), of(name)) for name in TRAINED}
        session.run(tf.local_variables_initializer())
        return {name: float(cost) for name, cost in session.run(losses).items()}
