"""Identity and style distance by dlib's network: they order pictures as a look at them does."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import paint, portrait, views
from data_tools.samples.descriptor_scores import IdentityScore, StyleDistance
from dctnet.errors import UserError


def test_a_face_scores_lower_the_more_it_is_changed():
    head = np.ascontiguousarray(portrait()[20:200, 135:315])
    pictures = [head, cv2.GaussianBlur(head, (0, 0), 2), paint(head), head[::-1]]
    same, blurred, painted, upside_down = IdentityScore('cpu')(pictures, [head] * 4)
    assert same == pytest.approx(1, abs=1e-5)
    assert 1 - 1e-4 > blurred > painted > upside_down


def test_style_distance_is_smaller_for_the_style_s_own_pictures():
    painted = views(paint(portrait()), 12, 64, seed=0)
    distance = StyleDistance(painted[:9], 'cpu')
    found = distance(list(painted[9:]) + list(views(portrait(), 3, 64, seed=1)) + [painted[0]])
    assert found[:3].max() < found[3:6].min()
    assert 0.5 < np.median(found[:3]) < 2     # about what the exemplars have among themselves
    assert found[6] < found[:3].min()         # an exemplar has itself among its neighbours


@pytest.mark.parametrize('number', [1, 2])
def test_exemplars_that_are_all_the_same_are_refused(number):
    """Rounding is no difference: the second one is another by less than what is seen of any two faces."""
    exemplar = paint(portrait())
    nearly = exemplar.copy()
    nearly[0, 0] += 1
    with pytest.raises(UserError, match='--exemplars'):
        StyleDistance([exemplar, nearly][:number], 'cpu')
