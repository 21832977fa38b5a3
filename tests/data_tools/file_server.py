"""A web server on the loopback interface that serves files as servers on the web do, and fails as they do."""
import hashlib
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Iterator

import numpy as np

DATA = np.random.RandomState(0).bytes(300000)
SHA256 = hashlib.sha256(DATA).hexdigest()


class FileServer(ThreadingMixIn, HTTPServer):
    """files: name -> bytes. requests: (path, Range) of each; conditions: their If-Range; authorizations: their
    Authorization. The rest is how it fails."""
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.files, self.requests, self.conditions, self.authorizations = {}, [], [], []
        self.ranges = True           # heeds Range
        self.if_range = True         # heeds If-Range
        self.etag = '"first"'
        self.content_type = 'application/octet-stream'
        self.redirects = []          # where the next requests are sent
        self.statuses = []           # answers to the next requests, instead of the file
        self.cuts = []               # bytes after which the next answers end
        self.gate = threading.Event()  # answers wait for it
        self.gate.set()

    def url(self, name: str) -> str:
        """Address of one of the files."""
        return f'http://127.0.0.1:{self.server_port}/{name}'


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        server.requests.append((self.path, self.headers.get('Range')))
        server.conditions.append(self.headers.get('If-Range'))
        server.authorizations.append(self.headers.get('Authorization'))
        assert server.gate.wait(20)
        if server.redirects:
            self.send_response(302)
            self.send_header('Location', server.redirects.pop(0))
            self.end_headers()
            return
        body = server.files.get(self.path.rpartition('/')[2])
        if server.statuses or body is None:
            self.send_error(server.statuses.pop(0) if server.statuses else 404)
            return
        start, asked = 0, re.match(r'bytes=(\d+)-$', self.headers.get('Range', ''))
        expected = self.headers.get('If-Range')
        if asked and server.ranges and not (server.if_range and expected and expected != server.etag):
            start = int(asked.group(1))
            if start >= len(body):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(body)}')
                self.end_headers()
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {start}-{len(body) - 1}/{len(body)}')
        else:
            self.send_response(200)
        self.send_header('Content-Type', server.content_type)
        self.send_header('Content-Length', str(len(body) - start))
        if server.etag:
            self.send_header('ETag', server.etag)
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[start:start + cut])

    def log_message(self, *arguments: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def running() -> Iterator[FileServer]:
    """A server for the length of a `with`."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
