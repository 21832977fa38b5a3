"""The perceptual hash on a real face and copies of it, and the search among hashes."""
import cv2
import numpy as np

from data_tools.recipe.demo_material import portrait
from dctnet.metrics.near_duplicates import HASH_BITS, NearDuplicates, perceptual_hash

HEAD = np.ascontiguousarray(cv2.resize(portrait()[20:200, 135:315], (128, 128), interpolation=cv2.INTER_AREA))


def differing(a, b):
    """Number of differing bits, counted one by one."""
    return bin(int(a, 16) ^ int(b, 16)).count('1')


def test_nearly_equal_pictures_have_nearly_equal_hashes():
    text = perceptual_hash(HEAD)
    assert len(text) == HASH_BITS // 4 and differing(text, text) == 0
    noisy = np.clip(HEAD + np.random.RandomState(0).normal(0, 4, HEAD.shape), 0, 255).astype(np.uint8)
    for near in (cv2.imdecode(cv2.imencode('.jpg', HEAD, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], 1), noisy,
                 cv2.resize(HEAD, (64, 64), interpolation=cv2.INTER_AREA), (HEAD * 0.9).astype(np.uint8)):
        assert differing(text, perceptual_hash(near)) <= 12
    for far in (HEAD[:, ::-1], HEAD[::-1], portrait()[200:]):
        assert differing(text, perceptual_hash(np.ascontiguousarray(far))) > 60


def test_the_search_finds_the_first_picture_within_the_limit():
    rng = np.random.RandomState(3)
    hashes = [rng.bytes(32).hex() for _ in range(300)]  # more than the matrix begins with
    seen = NearDuplicates(bits=2)
    for index, text in enumerate(hashes):
        assert seen.near(text) is None
        seen.add(str(index), text)

    def changed(text, bits):
        return f'{int(text, 16) ^ sum(1 << (7 * bit) for bit in range(bits)):064x}'
    assert seen.near(changed(hashes[299], 2)) == '299'
    assert seen.near(changed(hashes[5], 3)) is None
    seen.add('copy', changed(hashes[5], 1))
    assert seen.near(hashes[5]) == '5'
