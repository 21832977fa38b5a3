"""Pictures from the web, for pipelines that may fetch them."""
import http.client
import os
import urllib.error
import urllib.request

import numpy as np

from dctnet import images
from dctnet.addresses import shown, without_users
from dctnet.errors import UserError

ALLOW = 'DCTNET_ALLOW_URLS'
_SECONDS = 30
_MOST_BYTES = 50 * 2 ** 20


def allowed_by_environment() -> bool:
    """Whether the environment variable DCTNET_ALLOW_URLS is 1."""
    return os.environ.get(ALLOW) == '1'


def is_url(text: str) -> bool:
    """Whether a text is no path."""
    return '://' in text


def fetch_bgr(url: str) -> np.ndarray:
    """A picture from an address http:// or https://, uint8 [H, W, 3] BGR. Raises UserError if there is none."""
    if not url.lower().startswith(('http://', 'https://')):
        raise UserError(f'cannot fetch {shown(url)}: only http:// and https:// are known')
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            data = answer.read(_MOST_BYTES + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise UserError(f'cannot fetch {shown(url)} ({without_users(str(error))}): check the address, or download the '
                        'picture and name its file') from error
    if len(data) > _MOST_BYTES:
        raise UserError(f'{shown(url)} has more than {_MOST_BYTES >> 20} MB: scale it down, and name its file')
    return images.decode_bgr(data, shown(url))
