"""Addresses of the web as they may be shown and kept: without names, passwords and tokens."""
import re
import urllib.parse
from typing import Optional, Tuple

_USER = re.compile(r'//[^/\s]*@')


def shown(url: str) -> str:
    """An address without user, password, query and fragment; of what is none, no more than is harmless."""
    scheme, slashes, rest = re.split('[?#]', url)[0].rpartition('://')
    return scheme.rpartition('@')[2] + slashes + rest.rpartition('@')[2]


def without_users(text: str) -> str:
    """A text, such as a library's message, with users and passwords cut out of the addresses in it."""
    return _USER.sub('//', text)


def split_user(url: str) -> Tuple[str, Optional[str]]:
    """The address without user and password, and 'user:password' if it has them. Raises ValueError for what is no
    address."""
    parts = urllib.parse.urlsplit(url)
    user, at, host = parts.netloc.rpartition('@')
    return urllib.parse.urlunsplit(parts._replace(netloc=host)), urllib.parse.unquote(user) if at else None
