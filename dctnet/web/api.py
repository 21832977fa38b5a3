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
from dctnet.clips.limits import ClipTooLarge
from dctnet.errors import UserError
from dctnet.pictures import formats
from dctnet.web import clips, uploads
from dctnet.web.gallery import Gallery
from dctnet.web.job import DONE, RUNNING, WAITING, Job
from dctnet.web.jobs import MAX_WAITING, Queue, QueueFull, job_words
from dctnet.web.ranges import file_response

log = logging.getLogger(__name__)

_UPLOAD_SECONDS = 600
_FOLDER = Path(__file__).parent / 'page'
# The only files that are given out, by address.
PAGE_FILES = {'': 'page.html', 'page.css': 'page.css', 'page.js': 'page.js', 'card.js': 'card.js',
              'slider.js': 'slider.js', 'player.js': 'player.js', 'texts.js': 'texts.js', 'camera.js': 'camera.js'}
_TYPES = {'.mp4': 'video/mp4', '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
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
        unable = await run_in_threadpool(clips.missing)
        of_clips = {'offered': not unable, 'reason': unable or None, 'megabytes': clips.MAX_BYTES >> 20,
                    'seconds': clips.LIMITS.seconds, 'frames': clips.LIMITS.frames,
                    'megapixels': clips.LIMITS.pixels / 1e6, 'short_side': clips.SHORT_SIDE,
                    'result_short_side': clips.RESULT_SHORT_SIDE, 'formats': clips.FORMATS}
        return JSONResponse({'version': dctnet.__version__, 'styles': styles, 'limits': limits,
                             'clips': of_clips, 'open': self._open, 'formats': formats.readable()})

    async def preview(self, request: Request) -> Response:
        """GET: a portrait in a style, JPEG."""
        found = self._gallery.preview(request.path_params['name'])
        return Response(found, media_type='image/jpeg') if found else _error(404, 'no_preview', 'no preview yet')

    async def add(self, request: Request) -> Response:
        """POST, the picture or clip as body, ?style=NAME&name=NAME: a new job."""
        style, name = request.query_params.get('style', ''), request.query_params.get('name', 'picture')[:200]
        if style not in await run_in_threadpool(self._gallery.find):
            return _error(404, 'no_style', f'there is no style {style[:80]!r} now')
        try:
            job = self._queue.add(style, name)
        except QueueFull:
            return _error(503, 'queue_full', f'{MAX_WAITING} wait already: try again soon',
                          {'Retry-After': '2'})
        try:
            announced = int(request.headers.get('content-length', '0'))
            await asyncio.wait_for(uploads.receive(request.stream(), job.upload, announced), _UPLOAD_SECONDS)
            if await run_in_threadpool(clips.is_clip, job.upload):
                return await self._add_clip(job, request)
            size = await run_in_threadpool(uploads.picture_size, job.upload)
        except uploads.TooLarge as error:
            return self._refused(job, 413, 'too_large', str(error))
        except uploads.NoPicture as error:
            return self._refused(job, 415, 'no_picture', str(error))
        except ClientDisconnect:
            return self._refused(job, 400, 'cut_off', 'the upload ended early')
        except asyncio.TimeoutError:
            return self._refused(job, 408, 'too_slow', f'the upload took more than {_UPLOAD_SECONDS} s')
        except OSError as error:
            log.error('%s: %s', job.upload, error)
            return self._refused(job, 507, 'disk', 'the file cannot be stored: the disk of the service is full')
        self._queue.start(job, size, uploads.megapixels_to_compute(*size))
        return JSONResponse(self._described(job), 202)

    async def _add_clip(self, job: Job, request: Request) -> Response:
        unable = await run_in_threadpool(clips.missing)
        if unable:
            return self._refused(job, 415, 'no_clips', unable)
        try:
            clip = await run_in_threadpool(clips.look, job.upload)
        except ClipTooLarge as error:
            return self._refused(job, 413, 'clip_too_large', str(error))
        except UserError as error:
            return self._refused(job, 415, 'bad_clip', job_words(job, str(error)))
        if await request.is_disconnected():  # nobody would ask for it, and it may take long
            return self._refused(job, 400, 'cut_off', 'nobody waits for the answer')
        self._queue.start(job, clip.size, clips.megapixels_to_compute(clip), clip)
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
        """GET result.png or result.mp4, result.jpg, photo.jpg of a job."""
        job, name = self._queue.find(request.path_params['identity']), request.path_params['file']
        if job is None or name not in (job.result.name, 'result.jpg', 'photo.jpg'):
            return _error(404, 'no_job', 'this file is not there (any more)')
        if job.state != DONE and (name != 'photo.jpg' or job.clip is not None):
            return _error(409, 'not_done', f'the job is {job.state}')
        try:
            if name == job.result.name or job.clip is not None:
                return file_response(job.file(name), _TYPES[Path(name).suffix], request.headers)
            picture = job.result if name == 'result.jpg' else job.upload
            return Response(await run_in_threadpool(_as_jpeg, picture), media_type='image/jpeg')
        except (UserError, OSError):
            return _error(404, 'no_job', 'this file is not there (any more)')

    def _refused(self, job: Job, status: int, code: str, message: str) -> Response:
        self._queue.forget(job)
        return _error(status, code, message, {'Connection': 'close'})

    def _described(self, job: Job) -> Dict[str, Any]:
        left = self._queue.expected_seconds(job) if job.state in (WAITING, RUNNING) else None
        outcome = job.outcome
        frames = None if job.clip is None else {
            'total': len(job.clip.times), 'done': job.frames, 'failed': outcome.failed if outcome else None,
            'without_face': outcome.without_face if outcome else None}
        return {'id': job.identity, 'kind': job.kind, 'state': job.state, 'style': job.style, 'name': job.name,
                'error': job.error or None,
                'ahead': len(self._queue.ahead(job)) if job.state == WAITING else 0,
                'expected_seconds': None if left is None else round(left, 1), 'seconds': round(job.seconds, 2),
                'faces': outcome.faces if outcome else None,
                'working_size': list(outcome.working_size) if outcome else None, 'frames': frames,
                'notes': list(outcome.notes) if outcome else []}


def _as_jpeg(path: Path) -> bytes:
    return images.encoded(Path('picture.jpg'), images.read_bgr(path))


def _page_file(name: str) -> Handler:
    async def answer(request: Request) -> Response:
        return Response((_FOLDER / name).read_bytes(), media_type=_TYPES[Path(name).suffix])
    return answer


def _error(status: int, code: str, message: str, headers: Any = None) -> Response:
    return JSONResponse({'error': {'code': code, 'message': message}}, status, headers)
