"""The service as a whole: queue, styles, application and HTTP server, from start to end."""
import ipaddress
import logging
import socket
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Callable

import numpy as np
import uvicorn

from dctnet import images
from dctnet.clips import video_file
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.inference import fusion
from dctnet.web import clips
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
        return translate_picture(gallery, job) if job.clip is None else translate_clip(gallery, job)

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


def translate_picture(gallery: Gallery, job: Job) -> Outcome:
    """Write result.png of a job. Raises UserError if the picture or the style cannot be used."""
    found = gallery.translate(job.style, images.read_bgr(job.upload))
    images.write_bgr(job.result, found.image)
    return Outcome(len(found.faces), found.working_size)


def translate_clip(gallery: Gallery, job: Job) -> Outcome:
    """Write result.mp4, result.jpg and photo.jpg of a job, and remove what was uploaded. Raises UserError if the clip
    or the style cannot be used, Cancelled if the job is."""
    clip = job.clip
    assert clip is not None
    sound = clips.keeps_sound(clip, job.result)
    done = clips.translate(clip, job.result, sound, gallery.for_clips(job.style), job.check, job.frame_done)
    with closing(clip.frames()) as frames:
        shown = next((image for image in frames if image is not None), np.zeros((*clip.size, 3), np.uint8))
    images.write_bgr(job.file('photo.jpg'), shown)
    atomic.write_bytes(job.file('result.jpg'), video_file.first_frame(job.result))
    job.upload.unlink()
    notes = ('damaged',) * bool(clip.damage) + ('no_sound',) * (clip.has_sound and not sound)
    return Outcome(None, fusion.reduced_size(clip.size[0], clip.size[1], clips.SHORT_SIDE), done.failed,
                   done.without_head, notes)
