"""In which points figures were taken otherwise than the paper's, and what that is expected to do."""
from typing import Any, Dict, List, NamedTuple


class Deviation(NamedTuple):
    """A point of the protocol, here and in the paper, and the expected effect on the figures."""
    point: str
    here: str
    paper: str
    effect: str


class Protocol(NamedTuple):
    """How the figures here were taken.

    test, styles: numbers of test faces, and of pictures that results are compared with.
    held_out: whether the latter are others than the exemplars.
    size, steps, batch: of the images in pixels, and of the translator's training.
    features, identity: names of the networks.
    runs: most runs of a row.
    """
    test: int
    styles: int
    held_out: bool
    size: int
    steps: int
    batch: int
    features: str
    identity: str
    runs: int


def deviations(here: Protocol, paper: Dict[str, Any]) -> List[Deviation]:
    """What differs; `paper` is the section `protocol` of configs/reproduce/published.yaml."""
    found = []
    if here.features != 'inception':
        found.append(Deviation('features of FID and KID', here.features, 'Inception',
                               'another scale: these distances compare with each other alone, never with the paper\'s'))
    if here.identity != 'arcface':
        found.append(Deviation('network of ID', here.identity, 'face embeddings of a recognition network',
                               'dlib\'s descriptors of two persons have a high cosine already (the column of the '
                               'photographs and "other photo" of figures/*.md show it): higher values than the '
                               'paper\'s, and smaller differences' if here.identity == 'dlib' else 'another scale'))
    if here.test != paper['photographs']:
        found.append(Deviation('test photographs', f'{here.test}', f"{paper['photographs']} of CelebA (reported "
                               'second-hand; which ones is not published)',
                               'FID grows as they become fewer; ID and LPIPS stay, with larger errors'
                               if here.test < paper['photographs'] else 'FID gets slightly lower; other faces'))
    found.append(Deviation(
        'pictures that FID compares with',
        f"{here.styles}, {'others than the exemplars' if here.held_out else 'the exemplars themselves'}",
        'style pictures; how many is not published',
        'few of them make FID higher; exemplars that were trained on make it lower than others would'))
    found.append(Deviation('style and exemplars', 'yours', 'the paper\'s own, not published',
                           'every absolute figure belongs to its style: compare rows, not numbers'))
    found.append(Deviation('resizing', 'area averages where it gets smaller (docs/evaluation.md)',
                           'not published; the usual Inception graph of 2015 samples bilinearly without averaging',
                           'aliasing adds to FID: ours is somewhat lower for large pictures, equal for those of the '
                           'network\'s size'))
    for point, ours, theirs, effect in (
            ('image side, px', here.size, 256, 'a discriminator sees another share of the face, and figures are of '
                                               'pictures that are scaled up: below 256 results do not transfer'),
            ('steps of the translator', here.steps, paper['steps'], 'shorter trainings stay nearer to the photograph: '
                                                                    'higher FID and higher ID'),
            ('batch', here.batch, paper['batch'], 'fewer pictures seen in as many steps')):
        if ours != theirs:
            found.append(Deviation(point, str(ours), str(theirs), effect))
    found.append(Deviation('runs of a row', f'{here.runs}', '1, as far as is known',
                           'the deviation is of the translator\'s seed: calibration and samples are made once'))
    found.append(Deviation('preference', 'two at a time (dctnet.study)', f"one of five, {paper['participants']} people",
                           'shares are of comparisons: 50 % is a draw, where it is 20 % in the paper'))
    return found
