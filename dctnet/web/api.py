"""The page and its JSON interface (docs/web.md, "The interface") as a Starlette application."""
import asyncio
import logging
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import dctnet
from dctnet import images
from dctnet.errors import UserError
from dctnet.web import uploads
from dctnet.web.gallery import Gallery
from dctnet.web.jobs import DONE, MAX_WAITING, Job, Queue, QueueFull

log = logging.getLogger(__name__)

_UPLOAD_SECONDS = 300
_FOLDER = Path(__file__).parent / 'page'
# The only files that are given out, by address.
PAGE_FILES = {'': 'page.html', 'page.css': 'page.css', 'page.js': 'page.js', 'card.js': 'card.js',
              'slider.js': 'slider.js', 'texts.js': 'texts.js', 'camera.js': 'camera.js'}
_TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
          '.js': 'text/javascript; charset=utf-8', '.png': 'image/png', '.jpg': 'image/jpeg'}
Handler = Callable[[Request], Awaitable[Response]]


class Api:
    """What answers the requests.

    gallery: the styles.
    queue: the translations.
    open_to_network: whether other machines can reach the service, which the page tells.
    """

    def __init__(self, gallery: Gallery, queue: Queue, open_to_network: bool) -> None:
        self._gallery, self._queue, self._open = gallery, queue, open_to_network

    def application(self) -> Starlette:
        """The application; wants a `Guard` around it."""
        return Starlette(routes=[Route('/' + address, _page_file(name)) for address, name in PAGE_FILES.items()] + [
            Route('/api', self.about),
            Route('/api/styles/{name}/preview.jpg', self.preview),
            Route('/api/jobs', self.add, methods=['POST']),
            Route('/api/jobs/{identity}', self.job, methods=['GET', 'DELETE']),
            Route('/api/jobs/{identity}/{file}', self.job_file),
        ])

    async def about(self, request: Request) -> Response:
        """GET: version, styles, limits."""
        styles = [{'name': name, 'preview': self._gallery.preview(name) is not None}
                  for name in await run_in_threadpool(self._gallery.find)]
        limits = {'megabytes': uploads.MAX_BYTES >> 20, 'megapixels': uploads.MAX_MEGAPIXELS, 'waiting': MAX_WAITING,
                  'short_side': uploads.SHORT_SIDE}
        return JSONResponse({'version': dctnet.__version__, 'styles': styles, 'limits': limits, 'open': self._open,
                             'formats': uploads.known_formats()})

    async def preview(self, request: Request) -> Response:
        """GET: a portrait in a style, JPEG."""
        found = self._gallery.preview(request.path_params['name'])
        return Response(found, media_type='image/jpeg') if found else _error(404, 'no_preview', 'no preview yet')

    async def add(self, request: Request) -> Response:
        """POST, the picture as body, ?style=NAME&name=NAME: a new job."""
        style, name = request.query_params.get('style', ''), request.query_params.get('name', 'picture')[:200]
        if style not in await run_in_threadpool(self._gallery.find):
            return _error(404, 'no_style', f'there is no style {style[:80]!r} now')
        try:
            job = self._queue.add(style, name)
        except QueueFull:
            return _error(503, 'queue_full', f'{MAX_WAITING} pictures wait already: try again soon',
                          {'Retry-After': '2'})
        try:
            await asyncio.wait_for(uploads.receive(request.stream(), job.photo), _UPLOAD_SECONDS)
            size = await run_in_threadpool(uploads.picture_size, job.photo)
        except uploads.TooLarge as error:
            return self._refused(job, 413, 'too_large', str(error))
        except uploads.NoPicture as error:
            return self._refused(job, 415, 'no_picture', str(error))
        except ClientDisconnect:
            return self._refused(job, 400, 'cut_off', 'the upload ended early')
        except asyncio.TimeoutError:
            return self._refused(job, 408, 'too_slow', f'the upload took more than {_UPLOAD_SECONDS} s')
        except OSError as error:
            log.error('%s: %s', job.photo, error)
            return self._refused(job, 507, 'disk', 'the picture cannot be stored: the disk of the service is full')
        self._queue.start(job, size, uploads.megapixels_to_compute(*size))
        return JSONResponse(self._described(job), 202)

    async def job(self, request: Request) -> Response:
        """GET: a job; DELETE: cancel and forget it."""
        job = self._queue.find(request.path_params['identity'])
        if job is None:
            return _error(404, 'no_job', 'this job is not there (any more)')
        if request.method == 'DELETE':
            await run_in_threadpool(self._queue.forget, job)
        return JSONResponse(self._described(job))

    async def job_file(self, request: Request) -> Response:
        """GET result.png, result.jpg, photo.jpg of a job."""
        job, name = self._queue.find(request.path_params['identity']), request.path_params['file']
        if job is None or name not in ('result.png', 'result.jpg', 'photo.jpg'):
            return _error(404, 'no_job', 'this file is not there (any more)')
        if name != 'photo.jpg' and job.state != DONE:
            return _error(409, 'not_done', f'the job is {job.state}')
        try:
            data = await run_in_threadpool(_read, job, name)
        except (UserError, OSError):
            return _error(404, 'no_job', 'this file is not there (any more)')
        return Response(data, media_type=_TYPES[Path(name).suffix])

    def _refused(self, job: Job, status: int, code: str, message: str) -> Response:
        self._queue.forget(job)
        return _error(status, code, message, {'Connection': 'close'})

    def _described(self, job: Job) -> Dict[str, Any]:
        left = self._queue.expected_seconds(job) if job.state in ('waiting', 'running') else None
        return {'id': job.identity, 'state': job.state, 'style': job.style, 'name': job.name,
                'error': job.error or None,
                'ahead': len(self._queue.ahead(job)) if job.state == 'waiting' else 0,
                'expected_seconds': None if left is None else round(left, 1), 'seconds': round(job.seconds, 2),
                'faces': job.faces, 'working_size': list(job.working_size) if job.working_size else None}


def _read(job: Job, name: str) -> bytes:
    if name == 'result.png':
        return job.result.read_bytes()
    return images.encoded(Path(name), images.read_bgr(job.result if name == 'result.jpg' else job.photo))


def _page_file(name: str) -> Handler:
    async def answer(request: Request) -> Response:
        return Response((_FOLDER / name).read_bytes(), media_type=_TYPES[Path(name).suffix])
    return answer


def _error(status: int, code: str, message: str, headers: Any = None) -> Response:
    return JSONResponse({'error': {'code': code, 'message': message}}, status, headers)
