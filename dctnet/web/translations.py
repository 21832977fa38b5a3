"""The results of jobs: pictures by a Stylizer, clips as infer.py translates them (docs/video.md)."""
import functools
from contextlib import closing, contextmanager
from typing import Iterator

import numpy as np

from dctnet import images
from dctnet.clips import formats, video_file
from dctnet.clips.clip import Clip, Frames
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.inference import fusion
from dctnet.video import job as video_job
from dctnet.web import clips
from dctnet.web.gallery import Gallery
from dctnet.web.job import Job, Outcome

_PLAYED = ('aac', 'mp3', 'opus')  # sounds of an .mp4 that browsers play


def of_picture(gallery: Gallery, job: Job) -> Outcome:
    """Write result.png of a job. Raises UserError if the picture or the style cannot be used."""
    found = gallery.translate(job.style, images.read_bgr(job.upload))
    images.write_bgr(job.result, found.image)
    return Outcome(len(found.faces), found.working_size)


def of_clip(gallery: Gallery, job: Job) -> Outcome:
    """Write result.mp4, result.jpg and photo.jpg of a job, and remove what was uploaded. Raises UserError if the clip
    or the style cannot be used, Cancelled within a frame if the job is."""
    from dctnet.video.translate import translate_clip  # late: it loads TensorFlow, which the page does not wait for
    clip = job.clip
    assert clip is not None

    @contextmanager
    def progress(total: int, start: int) -> Iterator:
        yield job.frame_done

    sound = clip.has_sound and set(clip.sounds) <= set(_PLAYED) and _fits(clip, job)
    watched = clip._replace(frames=functools.partial(_checked, clip, job))
    done = translate_clip(video_job.Job(watched, job.result, None, sound, None, {}), gallery.for_clips(job.style),
                          lambda: False, progress)
    _write_first_frames(clip, job)
    job.upload.unlink()
    notes = ('damaged',) * bool(clip.damage) + ('no_sound',) * (clip.has_sound and not sound)
    return Outcome(None, fusion.reduced_size(clip.size[0], clip.size[1], clips.SHORT_SIDE), done.failed,
                   done.without_head, notes)


def _fits(clip: Clip, job: Job) -> bool:
    try:
        formats.check_sound(clip, job.result)
    except UserError:
        return False
    return True


def _checked(clip: Clip, job: Job) -> Frames:
    """The frames; reading on raises Cancelled if the job is, and no program runs on."""
    with closing(clip.frames()) as frames:
        for image in frames:
            job.check()
            yield image


def _write_first_frames(clip: Clip, job: Job) -> None:
    with closing(clip.frames()) as frames:
        shown = next((image for image in frames if image is not None), np.zeros((*clip.size, 3), np.uint8))
    images.write_bgr(job.file('photo.jpg'), shown)
    atomic.write_bytes(job.file('result.jpg'), video_file.first_frame(job.result))
