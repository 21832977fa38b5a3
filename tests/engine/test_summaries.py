"""metrics.jsonl, TensorBoard events and sample sheets."""
import json
import time

import pytest

from dctnet import images
from dctnet.compat import tf
from dctnet.engine.summaries import Samples, Scalars
from tests.engine.tiny_stage import Do, tiny


@pytest.fixture()
def writer(tmp_path):
    with tf.Graph().as_default():
        writer = tf.summary.FileWriter(str(tmp_path / 'tb'))
    yield writer
    writer.close()


def lines(folder):
    return [json.loads(line) for line in (folder / 'metrics.jsonl').read_text().splitlines()]


def events(folder):
    return [event for path in sorted((folder / 'tb').glob('*')) for event in tf.train.summary_iterator(str(path))]


def test_one_line_a_logging_step(tmp_path, writer):
    with tiny(7, on_load=lambda count: time.sleep(0.05) or 1.0) as t:  # longer than the updates
        t.loop.run(t.session, [Scalars(tmp_path, writer, every=3)])
    found = lines(tmp_path)
    assert [line['step'] for line in found] == [1, 3, 6]
    assert set(found[0]) == {'step', 'seconds', 'seconds/window', 'seconds/data_wait', 'a/loss', 'a/raw/distance',
                             'b/loss', 'b/raw/distance'}
    for line in found:  # three steps and the data of each lie between two lines
        assert 0 < line['seconds/data_wait'] < line['seconds/window'] and line['seconds'] <= line['seconds/window']
    assert found[2]['seconds/window'] > found[2]['seconds']
    assert found[0]['a/loss'] == pytest.approx(4)
    values = {(event.step, value.tag): value.simple_value for event in events(tmp_path)
              for value in event.summary.value}
    assert values[(6, 'b/loss')] == pytest.approx(found[2]['b/loss']) and len(values) == 12


def test_lines_after_the_checkpoint_are_written_anew(tmp_path, writer):
    old = [{'step': step, 'a/loss': -1.0} for step in (1, 2, 3, 4)]
    text = ''.join(json.dumps(line) + '\n' for line in old) + '{"step": 5, "a/lo'  # killed while writing
    (tmp_path / 'metrics.jsonl').write_bytes(text.encode() + b'\xff\x00')  # a block that a crash left behind
    with tiny(4) as t:
        t.step.load(2, t.session)
        t.loop.run(t.session, [Scalars(tmp_path, writer, every=1)])
    found = lines(tmp_path)
    assert [line['step'] for line in found] == [1, 2, 3, 4]
    assert [line['a/loss'] == -1 for line in found] == [True, True, False, False]
    restarts = [event for event in events(tmp_path) if event.session_log.status == tf.SessionLog.START]
    assert [event.step for event in restarts] == [2]  # TensorBoard drops what comes after it in older files


def test_samples(tmp_path, writer):
    with tiny(5) as t:
        shown = []
        t.loop.run(t.session, [Samples(tmp_path, writer, every=2),
                               Do(4, lambda loop: shown.append(float(loop.session.run(t.x))))])
    folder = tmp_path / 'samples'
    assert [path.name for path in sorted(folder.iterdir())] == [f'step-{s:06d}.png' for s in (0, 2, 4, 5)]
    sheet = images.read_bgr(folder / 'step-000004.png')
    assert sheet.shape[1] == 8 + 4 + 8 and sheet.shape[0] > 16
    assert (sheet[:8, :8] == 127).all() and (sheet[:8, 12:] == min(255, (shown[0] + 1) * 127.5 // 1)).all()
    assert (sheet[:8, 8:12] == 255).all()
    writer.flush()
    pictures = [value.image for event in events(tmp_path) for value in event.summary.value if value.tag == 'samples']
    assert len(pictures) == 4 and (pictures[0].height, pictures[0].width) == sheet.shape[:2]


def test_samples_are_off_at_zero_and_drawn_once_at_the_start(tmp_path, writer):
    with tiny(3) as t:
        t.loop.run(t.session, [Samples(tmp_path, writer, every=0)])
    assert not (tmp_path / 'samples').exists()
    with tiny(3) as t:
        t.step.load(1, t.session)
        t.loop.run(t.session, [Samples(tmp_path, writer, every=2)])
    assert [path.name for path in sorted((tmp_path / 'samples').iterdir())] == ['step-000002.png', 'step-000003.png']
