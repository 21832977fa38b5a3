"""A clip through a Stylizer into segments, and from those into a file."""
import logging
from contextlib import closing
from itertools import islice
from typing import Callable, ContextManager, List, NamedTuple

import numpy as np

from dctnet.clips.formats import format_of
from dctnet.clips.joining import join
from dctnet.clips.segments import SegmentWriter, finished
from dctnet.inference.stylizer import Stylizer
from dctnet.video.analysis import with_heads
from dctnet.video.faces import Sighting, sightings
from dctnet.video.frame_translation import translations
from dctnet.video.job import Job
from dctnet.video.progress import frames_done
from dctnet.video.unfinished import Unfinished

log = logging.getLogger(__name__)

Progress = Callable[[int, int], ContextManager[Callable[[], None]]]


class Outcome(NamedTuple):
    """What a call has done.

    written: frames that the target has now.
    failed: how many of this call's frames repeat the one before because they could not be read or translated.
    without_head: how many of this call's frames show none.
    """
    written: int
    failed: int
    without_head: int


def translate_clip(job: Job, stylizer: Stylizer, should_stop: Callable[[], bool],
                   progress: Progress = frames_done) -> Outcome:
    """Translate a clip and write it. If a former call was stopped, also by force, this one goes on from there.

    stylizer: in mode fusion, with a `faces.steady_detector`.
    should_stop: asked after each frame; if it says yes, the target becomes what is done up to there.
    progress: shows how far it is, as `progress.frames_done`.
    Raises UserError if the disk refuses, or if the unfinished rest of another command is in the way.
    """
    clip, container = job.clip, format_of(job.target)
    quality = container.quality if job.quality is None else job.quality
    unfinished = Unfinished(job.target, {
        **job.settings, 'source': clip.source.name, 'frames': len(clip.times), 'end': clip.end,
        'size': list(clip.size), 'crf': quality, 'heads': job.heads})
    unfinished.begin()

    def find(index: int, image: np.ndarray) -> List[Sighting]:
        found = unfinished.faces(index)
        if found is None:
            found = sightings(stylizer.detector, image)
            unfinished.keep_faces(index, found)
        return found

    failed = without_head = 0
    with closing(clip.frames()) as images, closing(with_heads(images, find, job.heads)) as frames, \
            SegmentWriter(unfinished.folder, clip, container, quality) as writer, \
            progress(len(clip.times), writer.next) as one_more:
        start = writer.next
        if start:
            log.info('going on after %d of %d frames', start, len(clip.times))
        # Heads are blended with those of the frame before, so one more is translated.
        rest = ((frame, heads) for frame, heads in frames if frame.position >= start - 1)
        for translated in islice(translations(rest, stylizer, clip.size), min(start, 1), None):
            writer.add(translated.image)
            failed += translated.failed
            without_head += not translated.heads
            one_more()
            if should_stop():
                break
    done = finished(unfinished.folder)
    written = done[-1].last + 1 if done else 0
    if written:
        join(done, clip, job.target, container, job.sound)
    if written == len(clip.times):
        unfinished.remove()
    return Outcome(written, failed, without_head)
