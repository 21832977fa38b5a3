"""The service as a whole: queue, styles, application and HTTP server, from start to end."""
import ipaddress
import logging
import socket
import tempfile
from pathlib import Path
from typing import Callable

import uvicorn

from dctnet.errors import UserError
from dctnet.web import clips, translations
from dctnet.web.api import Api
from dctnet.web.gallery import Gallery
from dctnet.web.guard import Guard
from dctnet.web.job import Job, Outcome
from dctnet.web.jobs import Queue

log = logging.getLogger(__name__)

_MAX_CONNECTIONS = 64


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one. Raises UserError if that is not possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # of a service that has just ended
            bound.bind(address)
            bound.listen()  # who comes while the server starts waits for it
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise UserError(f'cannot listen on {host}, port {port} ({error.strerror or error}): another program may use '
                        'the port, so choose another one with --port (0 takes a free one)') from error
    return bound


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a service that listens on `host`."""
    try:
        return host == 'localhost' or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(bound: socket.socket, host: str, models: Path, device: str, ready: Callable[[], None]) -> None:
    """Answer requests until the process is told to end; then the running translation ends and all files are removed.

    bound: the socket to listen on.
    host: the name that it was bound to, which requests may use.
    models: folder of model folders.
    device: for the graphs: 'auto', 'cpu' or 'gpu'.
    ready: called just before the first request can be answered.
    """
    gallery = Gallery(models, device)

    def translate(job: Job) -> Outcome:
        return translations.of_picture(gallery, job) if job.clip is None else translations.of_clip(gallery, job)

    with tempfile.TemporaryDirectory(prefix='dctnet-web-') as folder:
        queue = Queue(translate, Path(folder), gallery.make_next_preview)
        application = Guard(Api(gallery, queue, not is_loopback(host)).application(), [host], clips.MAX_BYTES)
        server = uvicorn.Server(uvicorn.Config(application, log_level='warning', access_log=False, server_header=False,
                                               limit_concurrency=_MAX_CONNECTIONS, lifespan='off',
                                               timeout_graceful_shutdown=5))
        try:
            ready()
            server.run(sockets=[bound])
        except KeyboardInterrupt:  # newer uvicorn repeats the signal that ended it
            pass
        finally:
            queue.close()
            gallery.close()
