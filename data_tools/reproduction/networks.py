"""Which pretrained networks are there, and what is missing without one."""
from pathlib import Path
from typing import Dict, NamedTuple, Optional

from dctnet import places
from dctnet.errors import UserError

from .plan import TOONIFY, Row
from .tasks import ttn_config


class Networks(NamedTuple):
    """features: of FID and KID. lpips: file, None if it is missing. lacks: key of a figure -> what it lacks."""
    features: str
    lpips: Optional[Path]
    lacks: Dict[str, str]


def found_networks(features: str) -> Networks:
    """What figures are measured with. features: 'auto', 'inception', 'dlib' or FILE.pb. Raises UserError if a network
    that is named is missing."""
    from dctnet.nets.pretrained import feature_network, imported_file
    lacks: Dict[str, str] = {}
    if features == 'auto':
        features = 'inception' if imported_file('inception').exists() else 'dlib'
    if features == 'dlib':
        lacks['fid'] = ('needs Inception (checkpoints/README.md, "Inception, for FID and KID"); instead FD and KD, '
                        'distances in the features of dlib\'s network, which compare with each other alone')
    feature_network(features)
    lpips: Optional[Path] = places.checkpoints_folder() / 'lpips.pb'
    if lpips and not lpips.exists():
        lacks['lpips'] = f'lacks {lpips} (checkpoints/README.md, "LPIPS, for one more figure of the content")'
        lpips = None
    if not imported_file('arcface').exists():
        lacks['id'] = (f"lacks {imported_file('arcface')} (checkpoints/README.md, \"StyleGAN2 and ArcFace, for the "
                       'content calibration"); instead dlib\'s descriptors, whose cosines are higher')
    return Networks(str(Path(features).resolve()) if features.endswith('.pb') else features,
                    lpips.resolve() if lpips else None, lacks)


def lacking(row: Row) -> str:
    """What a row cannot be made without; '' if all is there."""
    if row.options.method == TOONIFY:
        return ''
    from dctnet.nets.content_network import content_file
    name = ttn_config(row).loss.content_network
    try:
        file = content_file(name)
    except UserError as error:
        return str(error)
    if file is None or file.exists():
        return ''
    return (f'its content network {file} is missing: make it (checkpoints/README.md, "VGG19, for the content loss"), '
            'or take the one that is installed: --set ttn.loss.content_network=dlib')
