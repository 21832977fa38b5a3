"""What stands before the application: who may ask, how much they may send, and the security headers of each answer.

A page of another site can make a browser send requests to this one. Its own names are therefore the only ones that are
answered (a foreign name that is made to point here is DNS rebinding), and requests that another site's page made are
refused; there is no CORS.
"""
import ipaddress
import json
import re
from typing import Any, Awaitable, Callable, Collection, Dict, List, MutableMapping, Optional, Tuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
    'cache-control': 'no-store',
}


class Guard:
    """An ASGI application around another.

    names: host names that are answered, beside localhost and addresses in numbers.
    max_bytes: of a body; a larger one is refused before it is read.
    """

    def __init__(self, application: Application, names: Collection[str], max_bytes: int) -> None:
        self._application, self._max_bytes = application, max_bytes
        self._names = {name.lower() for name in names} | {'localhost'}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope['type'] != 'http':
            return await self._application(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = list(message.get('headers', [])) + [
                    (name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        refusal = self._refusal(scope['method'], {name.decode('latin-1').lower(): value.decode('latin-1')
                                                  for name, value in scope['headers']})
        if refusal is None:
            await self._application(scope, receive, send_with_headers)
        else:
            await _answer(send_with_headers, *refusal)

    def _refusal(self, method: str, headers: Dict[str, str]) -> Optional[Tuple[int, str, str]]:
        host = headers.get('host', '')
        if not self._is_own(host):
            return 421, 'host', 'this service does not answer to that name; use its address in numbers, or start it ' \
                                'with --host NAME'
        origin = headers.get('origin')
        foreign = origin is not None and re.sub('^https?://', '', origin) != host
        followed_link = headers.get('sec-fetch-mode') == 'navigate' and method == 'GET'
        if foreign or headers.get('sec-fetch-site') in ('cross-site', 'same-site') and not followed_link:
            return 403, 'origin', 'another site may not use this service'
        if headers.get('content-length', '0').isdigit() and int(headers.get('content-length', '0')) > self._max_bytes:
            return 413, 'too_large', f'a file may have {self._max_bytes >> 20} MB'
        return None

    def _is_own(self, host: str) -> bool:
        name = re.sub(r':\d+$', '', host).lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name.strip('[]'))
        except ValueError:
            return False
        return True


async def _answer(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({'error': {'code': code, 'message': message}}).encode()
    headers: List[Tuple[bytes, bytes]] = [(b'content-type', b'application/json'), (b'connection', b'close'),
                                          (b'content-length', str(len(body)).encode())]
    await send({'type': 'http.response.start', 'status': status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
