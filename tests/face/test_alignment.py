"""Alignment against the published numbers and against pictures with known answers."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from dctnet.face import alignment
from tests.parity import fusion as parity

VECTORS = Path(__file__).parents[1] / 'parity' / 'data' / 'fusion.npz'


@pytest.fixture(scope='module')
def vectors():
    with np.load(str(VECTORS)) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture()
def similarity():
    angle, factor = 0.3, 0.7
    a, b = factor * np.cos(angle), factor * np.sin(angle)
    return np.array([[a, -b, 60.0], [b, a, 20.0]])


def test_published_numbers_are_reproduced():
    for row in parity.check(VECTORS, VECTORS):
        assert row.ok, row


def test_whole_hull_agrees_with_the_published_points(vectors):
    image = np.ascontiguousarray(vectors['image'][:, :, ::-1])
    for landmarks, points in zip(vectors['landmarks'], vectors['five_points']):
        np.testing.assert_array_equal(alignment.five_points(image, landmarks), points)


def face_of_eyes(eye):
    landmarks = np.full((68, 2), 50.0)
    landmarks[36:42], landmarks[42:48] = eye, eye + (60, 0)
    return landmarks


def test_pupils_are_the_dark_parts_of_the_eyes():
    eye = np.array([[20, 40], [30, 32], [40, 32], [50, 40], [40, 48], [30, 48]], float)
    image = np.full((100, 150, 3), 220, np.uint8)
    image[:30] = 0  # dark hair outside the hull must not count
    cv2.circle(image, (31, 40), 5, (30, 20, 10), -1)
    cv2.circle(image, (101, 41), 5, (30, 20, 10), -1)
    points = alignment.five_points(image, face_of_eyes(eye))
    np.testing.assert_allclose(points[:2], [(31, 40), (101, 41)], atol=1)
    np.testing.assert_array_equal(points[2:], np.full((3, 2), 50))


def test_the_hull_has_its_last_point():
    eye = np.array([[20, 40], [30, 36], [40, 36], [50, 40], [40, 44], [22, 52]], float)
    image = np.full((100, 150, 3), 220, np.uint8)
    image[45:50, 22:27] = 10  # near the last point only
    landmarks = face_of_eyes(eye)
    np.testing.assert_allclose(alignment.five_points(image, landmarks)[0], (24, 47), atol=1)
    assert alignment.five_points(image, landmarks, whole_hull=False)[0][1] < 45


@pytest.mark.parametrize('shift', [(-300, 0), (0, 300), (1000, 1000)])
def test_eyes_outside_the_picture_get_their_middle(shift):
    eye = np.array([[20, 40], [30, 32], [40, 32], [50, 40], [40, 48], [30, 48]], float) + shift
    points = alignment.five_points(np.zeros((100, 100, 3), np.uint8), face_of_eyes(eye))
    np.testing.assert_array_equal(points[0], np.array([35, 40]) + shift)


def test_shut_and_flat_eyes_get_their_middle():
    shut = np.array([[20, 40], [25, 40], [30, 40], [35, 40], [30, 40], [25, 40]], float)
    points = alignment.five_points(np.zeros((100, 100, 3), np.uint8), face_of_eyes(shut))
    np.testing.assert_array_equal(points[0], (27.5, 40))


def test_eyes_half_outside_the_picture_are_searched_inside():
    eye = np.array([[-10, 40], [0, 32], [10, 32], [20, 40], [10, 48], [0, 48]], float)
    image = np.full((100, 100, 3), 220, np.uint8)
    cv2.circle(image, (6, 40), 3, (0, 0, 0), -1)
    np.testing.assert_allclose(alignment.five_points(image, face_of_eyes(eye))[0], (6, 40), atol=1)


def test_a_known_similarity_is_found_again(similarity):
    reference = alignment.reference_points(200)
    points = reference.dot(similarity[:, :2].T) + similarity[:, 2]
    np.testing.assert_allclose(alignment.crop_to_image(points, 200), similarity, atol=1e-9)


def test_points_that_coincide_are_an_error():
    with pytest.raises(ValueError, match='coincide'):
        alignment.crop_to_image(np.full((5, 2), 7.0))


def test_the_crop_is_white_where_the_picture_ends():
    black = np.zeros((288, 288, 3), np.uint8)
    crop = alignment.head_crop(black, np.array([[1.0, 0, -100], [0, 1, 0]]))
    assert crop.shape == (288, 288, 3)
    assert (crop[:, :99] == 255).all() and (crop[:, 101:] == 0).all()


def test_a_reflected_border_goes_on():
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    crop = alignment.head_crop(ramp, np.array([[1.0, 0, -50], [0, 1, 0]]), 100, 'reflect')
    np.testing.assert_array_equal(crop[50, :, 0], np.abs(np.arange(100) - 50))


def test_a_smooth_crop_of_few_pixels_is_the_plain_one(similarity):
    picture = np.random.RandomState(3).randint(0, 255, (300, 310, 3), dtype=np.uint8)
    np.testing.assert_array_equal(alignment.smooth_crop(picture, similarity, 200),
                                  alignment.head_crop(picture, similarity, 200))


@pytest.mark.parametrize('factor', [1.5, 4, 11])
def test_a_smooth_crop_of_many_pixels_shows_means_in_their_places(similarity, factor):
    noise = np.random.RandomState(3).randint(0, 255, (700, 700, 3), dtype=np.uint8)
    inverse = similarity / 0.7 * factor
    inverse[:, 2] = 250, 0
    size = int(400 / factor)
    deviation = alignment.smooth_crop(noise, inverse, size, 'reflect').std()
    assert deviation < 0.75 * alignment.head_crop(noise, inverse, size, 'reflect').std()
    ramp = np.repeat((np.arange(700) // 3).astype(np.uint8)[None, :, None], 700, axis=0).repeat(3, axis=2)
    both = [crop(ramp, inverse, size, 'reflect').astype(int)
            for crop in (alignment.head_crop, alignment.smooth_crop)]
    assert abs((both[0] - both[1]).mean()) < 0.15


def test_the_ellipse_mask_falls_to_0_at_its_edge():
    mask = alignment.ellipse_mask()
    assert mask.shape == (288, 288) and mask.dtype == np.float32
    assert mask.min() == 0 and mask.max() == 1
    rows, columns = np.nonzero(mask)
    assert abs(columns.max() - columns.min() - 0.8 * 288) < 3  # half axes .4 w, .49 h
    assert abs(rows.max() - rows.min() - 0.98 * 288) < 3
    ramp = np.diff(mask[144, 30:70])
    np.testing.assert_allclose(ramp, 1 / (0.15 * 288), rtol=0.02)


@pytest.mark.parametrize('shape', [(288, 288), (400, 400), (31, 50)])
def test_a_mask_file_of_any_size_is_resized(shape):
    grey = np.zeros(shape, np.uint8)
    grey[:, shape[1] // 2:] = 255
    mask = alignment.mask_from_image(grey)
    assert mask.shape == (288, 288) and mask.dtype == np.float32
    assert mask[:, :130].max() == 0 and mask[:, 158:].min() == 1


def test_crop_and_blend_give_the_picture_back(similarity):
    smooth = cv2.resize(np.random.RandomState(1).randint(0, 255, (9, 9, 3), dtype=np.uint8), (300, 310),
                        interpolation=cv2.INTER_CUBIC)
    picture = smooth.copy()
    alignment.blend_head(picture, alignment.head_crop(smooth, similarity), similarity, np.ones((288, 288), np.float32))
    difference = np.abs(picture.astype(int) - smooth)
    assert difference.max() <= 6 and difference.mean() < 0.5


def test_blending_equals_the_plain_way_and_changes_nothing_else(similarity):
    random = np.random.RandomState(2)
    picture = random.randint(0, 255, (400, 420, 3), dtype=np.uint8)
    head = random.randint(0, 255, (288, 288, 3), dtype=np.uint8)
    mask = alignment.ellipse_mask()
    weight = cv2.warpAffine(mask, similarity, (420, 400))[:, :, None]
    plain = weight * cv2.warpAffine(head, similarity, (420, 400)) + (1 - weight) * picture
    blended = picture.copy()
    alignment.blend_head(blended, head, similarity, mask)
    # Sub-pixel positions are quantised from another origin: noise may differ by a little, almost never by more.
    assert np.quantile(np.abs(blended - plain), 0.995) <= 1
    outside = np.broadcast_to(weight == 0, picture.shape)
    np.testing.assert_array_equal(blended[outside], picture[outside])


def test_a_mask_up_to_the_edge_leaves_no_dark_seam(similarity):
    picture = np.full((400, 400, 3), 200, np.uint8)
    alignment.blend_head(picture, np.full((288, 288, 3), 200, np.uint8), similarity, np.ones((288, 288), np.float32))
    assert (picture == 200).all()


def test_blending_rounds_to_the_nearest_level():
    picture = np.full((50, 50, 3), 100, np.uint8)
    inverse = np.array([[1.0, 0, -100], [0, 1, -100]])
    alignment.blend_head(picture, np.full((288, 288, 3), 101, np.uint8), inverse, np.full((288, 288), 0.6, np.float32))
    assert (picture == 101).all()


@pytest.mark.parametrize('shift', [(-900, 0), (900, 0), (0, 900), (0, -900)])
def test_a_head_outside_the_picture_changes_nothing(shift):
    picture = np.full((100, 100, 3), 200, np.uint8)
    inverse = np.array([[1.0, 0, shift[0]], [0, 1, shift[1]]])
    alignment.blend_head(picture, np.zeros((288, 288, 3), np.uint8), inverse, np.ones((288, 288), np.float32))
    assert (picture == 200).all()


def test_a_head_over_the_corner_of_the_picture():
    picture = np.full((100, 100, 3), 200, np.uint8)
    inverse = np.array([[1.0, 0, 60], [0, 1, 70]])
    alignment.blend_head(picture, np.zeros((288, 288, 3), np.uint8), inverse, np.ones((288, 288), np.float32))
    assert (picture[70:, 60:] == 0).all()
    assert (picture[:69] == 200).all() and (picture[:, :59] == 200).all()
