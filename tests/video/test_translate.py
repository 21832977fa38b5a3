"""Whole clips through tiny graphs: what is written, going on after a stop or a kill, steadiness by known motion."""
import functools
import json

import cv2
import numpy as np
import pytest
from skimage import data

from dctnet import images
from dctnet.clips import segments
from dctnet.clips.opening import open_clip
from dctnet.errors import UserError
from dctnet.face import alignment
from dctnet.inference.stylizer import Stylizer
from dctnet.video import faces
from dctnet.video.analysis import with_heads
from dctnet.video.job import plan
from dctnet.video.translate import translate_clip
from tests.clips.made_clips import write_clip, write_frames
from tests.video.synthetic import moved_photograph

FRAMES = 14


@pytest.fixture(scope='module')
def steady_detector():
    detector = faces.steady_detector()
    detector.pixels = 200000  # the face is large; a fifth of the time
    return detector


@pytest.fixture(scope='module')
def synthetic():
    astronaut = np.ascontiguousarray(data.astronaut()[:256, 96:352, ::-1])
    return moved_photograph(astronaut, (160, 160), still=5, moving=9, scale=0.75, noise=1)


@pytest.fixture(scope='module')
def source(synthetic, tmp_path_factory):
    times = np.arange(FRAMES) * 40000
    return write_frames(tmp_path_factory.mktemp('source') / 'clip.mkv', synthetic.frames, times)


@pytest.fixture(scope='module')
def stylizer(model, steady_detector):
    return Stylizer(model, device='cpu', detector=steady_detector)


def job_of(source, target, quality=18, settings=()):
    job = plan(source, target, pattern=None, fps=25, every=1, quality=quality, sound=True, faces='all', mode='fusion')
    job.settings.update(settings)
    return job


def frames_of(path):
    return list(open_clip(path, None, 25).frames())


def never():
    return False


def test_heads_are_inverted_and_the_rest_darkened_on_every_frame(source, synthetic, stylizer, tmp_path):
    outcome = translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, never)
    assert outcome == (FRAMES, 0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ['out.mp4']
    results = frames_of(tmp_path / 'out.mp4')
    assert len(results) == FRAMES
    nose = np.array([225 - 96, 126])
    for frame, motion, result in zip(synthetic.frames, synthetic.motions, results):
        x, y = np.rint(motion[:, :2].dot(nose) + motion[:, 2]).astype(int)
        assert np.abs(result[y - 4:y + 5, x - 4:x + 5].astype(int).mean() - 255
                      + frame[y - 4:y + 5, x - 4:x + 5].mean()) < 12
        np.testing.assert_allclose(result[140:].mean(axis=(0, 1)), frame[140:].mean(axis=(0, 1)) / 2 + 32, atol=4)


def stop_after(count):
    answers = iter([False] * (count - 1) + [True] * 99)
    return functools.partial(next, answers)


@pytest.mark.long
def test_a_stopped_clip_plays_and_goes_on_as_if_it_had_not_stopped(source, stylizer, tmp_path, monkeypatch):
    monkeypatch.setattr(segments, 'LENGTH', 5)
    translate_clip(job_of(source, tmp_path / 'whole.mp4'), stylizer, never)
    outcome = translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, stop_after(5))
    assert outcome.written == 5 and len(frames_of(tmp_path / 'out.mp4')) == 5
    assert (tmp_path / 'out.mp4.unfinished').is_dir()
    assert translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, never).written == FRAMES
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out.mp4', 'whole.mp4']
    for one, other in zip(frames_of(tmp_path / 'whole.mp4'), frames_of(tmp_path / 'out.mp4')):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_a_killed_clip_goes_on_after_its_last_segment(source, stylizer, tmp_path, monkeypatch):
    monkeypatch.setattr(segments, 'LENGTH', 5)

    class Killed(BaseException):
        pass

    def kill():
        if len(list((tmp_path / 'out.mp4.unfinished').glob('0*.mp4'))) == 2:
            raise Killed

    with pytest.raises(Killed):
        translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, kill)
    assert not (tmp_path / 'out.mp4').exists()
    with open(str(tmp_path / 'out.mp4.unfinished' / 'faces.jsonl'), 'a') as stream:
        stream.write('[13, [[[1, 2')  # a line that the power cut
    looked, translated = [], []
    monkeypatch.setattr('dctnet.video.translate.sightings', lambda *given: looked.append(1) or faces.sightings(*given))
    monkeypatch.setattr(stylizer, 'stylize_frames', lambda *given: translated.append(1) or Stylizer.stylize_frames(
        stylizer, *given))
    assert translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, never).written == FRAMES
    assert len(translated) == FRAMES - 10 + 1 and len(looked) <= 1
    assert len(frames_of(tmp_path / 'out.mp4')) == FRAMES


def test_another_command_does_not_go_on_with_it(source, stylizer, tmp_path):
    translate_clip(job_of(source, tmp_path / 'out.mp4'), stylizer, stop_after(2))
    with pytest.raises(UserError, match='other settings: crf.*18.*30'):
        translate_clip(job_of(source, tmp_path / 'out.mp4', quality=30), stylizer, never)
    settings = json.loads((tmp_path / 'out.mp4.unfinished' / 'settings.json').read_text())
    assert settings['frames'] == FRAMES


def test_one_clip_leaves_nothing_to_the_next(source, stylizer, tmp_path):
    """The faces of a first clip do not appear in a second one without any."""
    translate_clip(job_of(source, tmp_path / 'first.mp4'), stylizer, never)
    empty = write_clip(tmp_path / 'empty.mp4', frames=6)
    assert translate_clip(job_of(empty, tmp_path / 'second.mp4'), stylizer, never).without_head == 6


def test_framing_and_steadiness_against_the_known_motion(synthetic, steady_detector):
    """Middles of the crops against where the motion carries them, and their unrest from frame to frame."""
    steady = [row[-1].points for _, row in with_heads(
        iter(synthetic.frames), lambda index, image: faces.sightings(steady_detector, image), None)]
    raw = [faces.sightings(steady_detector, frame)[0].points for frame in synthetic.frames]
    back = [cv2.invertAffineTransform(motion) for motion in synthetic.motions]

    def middles(points):
        crops = [alignment.crop_to_image(each).dot([143.5, 143.5, 1]) for each in points]
        return np.array([inverse[:, :2].dot(middle) + inverse[:, 2] for inverse, middle in zip(back, crops)])

    truth = np.median(middles(raw), axis=0)
    errors, raw_errors = [np.linalg.norm(middles(points) - truth, axis=1) for points in (steady, raw)]
    assert errors.mean() < 1.5 and errors[:4].max() < 0.5
    unrest, raw_unrest = [np.linalg.norm(np.diff(middles(points)[:5], axis=0), axis=1).mean()
                          for points in (steady, raw)]
    assert unrest < 0.5 * raw_unrest


def test_a_folder_of_frames_and_every_second_one(stylizer, tmp_path, synthetic):
    for index, frame in enumerate(synthetic.frames[:7]):
        images.write_bgr(tmp_path / 'in' / f'frame-{index:06d}.png', frame)
    (tmp_path / 'in' / 'frame-000004.png').write_bytes(b'broken')
    job = plan(tmp_path / 'in', tmp_path / 'out.mp4', 'frame-%06d.png', 50, 2, None, True, 'largest', 'fusion')
    outcome = translate_clip(job, stylizer, never)
    assert outcome.written == 4 and outcome.failed == 1
    assert list(open_clip(tmp_path / 'out.mp4', None, 25).times) == [0, 40000, 80000, 120000]
    results = frames_of(tmp_path / 'out.mp4')
    assert np.abs(results[2].astype(int) - results[1]).mean() < 1  # the broken one repeats the one before
