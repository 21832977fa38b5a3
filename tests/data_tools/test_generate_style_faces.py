"""generate_style_faces as a user meets it: a run becomes a folder of faces; interruptions, and mistakes."""
import json
import logging

import numpy as np
import pytest

from data_tools import generate_style_faces
from dctnet import images
from dctnet.compat import tf
from dctnet.errors import UserError, exit_with
from dctnet.files import atomic
from dctnet.models import ccn
from dctnet.models.sampling import Sampling
from dctnet.nets.stylegan2 import Architecture, generator_shapes, starting_weights
from dctnet.runs import checkpoint

TINY = Architecture(8, max_channels=4, style_dim=8, mapping_layers=2)


@pytest.fixture(autouse=True)
def informed(caplog):
    caplog.set_level(logging.INFO)


def write_run(folder, steps=(2, 4), source=True, a=TINY, latest=50):
    """What train.py ccn leaves, as far as sampling reads it: a checkpoint of each step with other weights. latest: seed
    of the generator that the moving average follows."""
    with tf.Graph().as_default(), tf.Session() as session:
        networks = ccn.create_networks(a, with_source=False)
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=None)
        for step in steps:
            for weights, seed in ((networks.average, step), (networks.generator, latest)):
                for name, array in starting_weights(generator_shapes(a), seed).items():
                    weights[name].load(array, session)
            checkpoint.save(session, saver, folder / 'checkpoints', step, keep=9)
    if source:
        atomic.write_arrays(folder / 'source.npz', {
            'source/' + name: array for name, array in starting_weights(generator_shapes(a), 0).items()})
    return folder


def write_npz(path, seed=0, a=TINY, **changes):
    weights = dict(starting_weights(generator_shapes(a), seed), **changes)
    atomic.write_arrays(path, {'generator_ema/' + name: array for name, array in weights.items()})
    return path


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('ccn') / 'run')


def run(*words):
    return generate_style_faces.main([str(word) for word in words] + ['--mean-samples', '20', '--device', 'cpu'])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob('**/*.png')}


def test_a_run_becomes_faces_with_twins(tmp_path, trained, caplog):
    out = tmp_path / 'out'
    assert run('--run', trained, '--out', out, '--count', 5, '--batch', 2) == 0
    assert set(contents(out)) == {'sheets/pairs.png'} | {
        place + f'00000{i}.png' for i in range(5) for place in ('', 'source/')}
    assert [path.name for path in images.list_images(out)] == [f'00000{i}.png' for i in range(5)]
    recorded = json.loads((out / 'generated.json').read_text())
    assert recorded['settings']['blend'] == 4 and recorded['from']['target'].endswith('model-4')
    sheet = images.read_bgr(out / 'sheets' / 'pairs.png')
    np.testing.assert_array_equal(sheet[:8, 12:20], images.read_bgr(out / 'source' / '000001.png'))
    np.testing.assert_array_equal(sheet[12:20, 12:20], images.read_bgr(out / '000001.png'))
    assert 'images/s' in caplog.text and '5 pictures, 5 of them new' in caplog.text


@pytest.mark.long
def test_going_on_gives_what_an_uninterrupted_call_gives(tmp_path, trained, caplog):
    words = ('--run', trained, '--batch', 4, '--count')
    whole, parts, other = tmp_path / 'whole', tmp_path / 'parts', tmp_path / 'other'
    run(*words, 9, '--out', whole)
    run(*words, 6, '--out', parts)
    (parts / '000001.png').unlink()
    (parts / 'source' / '000002.png').unlink()
    cut = (parts / '000003.png').read_bytes()[:-20]
    (parts / '000003.png').write_bytes(cut)
    kept = (parts / '000004.png').stat().st_mtime_ns
    run(*words, 9, '--out', parts)
    assert contents(parts) == contents(whole)
    assert '9 pictures, 6 of them new' in caplog.text and (parts / '000004.png').stat().st_mtime_ns == kept
    run('--run', trained, '--batch', 3, '--count', 4, '--out', other)
    for path in images.list_images(other):
        assert np.abs(images.read_bgr(path).astype(int) - images.read_bgr(whole / path.name)).max() <= 1


def test_the_sampler_is_asked_for_whole_batches_only(tmp_path):
    """Rounding may depend on the size of a batch: then a part of one would not repeat the uninterrupted run."""
    asked = []

    def sampler(indices):
        asked.append(list(indices))
        return np.zeros((len(indices), 8, 8, 3), np.uint8), None

    assert generate_style_faces.generate(sampler, tmp_path, 6, 4, twins=False) == 6
    (tmp_path / '000002.png').unlink()
    assert generate_style_faces.generate(sampler, tmp_path, 9, 4, twins=False) == 4
    assert asked == [[0, 1, 2, 3], [4, 5, 6, 7]] + [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_checkpoints_differ_and_twins_can_be_left_out(tmp_path, trained):
    run('--run', trained, '--out', tmp_path / 'newest', '--count', 1)
    run('--run', trained, '--out', tmp_path / 'alone', '--count', 1, '--no-pairs', '--checkpoint', 2)
    assert set(contents(tmp_path / 'alone')) == {'000000.png', 'sheets/pairs.png'}
    assert contents(tmp_path / 'alone')['000000.png'] != contents(tmp_path / 'newest')['000000.png']


def test_options_reach_the_sampler():
    for words, expected in (
            ('', Sampling()), ('--blend none', Sampling(blend=0)),
            ('--blend 8 --blend-width 0.5', Sampling(8, 0.5)), ('--mix-w 3', Sampling(mix_w=3)),
            ('--truncation 1', Sampling(truncation=1.0)), ('--mean-samples 9', Sampling(mean_samples=9)),
            ('--seed 7 --noise fixed', Sampling(seed=7, fresh_noise=False))):
        options = generate_style_faces.parse(['--run', 'r', '--out', 'x'] + words.split())
        assert generate_style_faces.sampling_of(options) == expected


@pytest.mark.long
def test_files_give_what_their_run_gives(tmp_path):
    target, source = write_npz(tmp_path / 'target.npz', 4), write_npz(tmp_path / 'source.npz', 0)
    run('--target', target, '--out', tmp_path / 'alone', '--count', 2, '--blend', 'none')
    assert len(contents(tmp_path / 'alone')) == 3 and not (tmp_path / 'alone' / 'source').exists()
    run('--target', target, '--source', source, '--out', tmp_path / 'files', '--count', 2)
    run('--run', write_run(tmp_path / 'run', (4,)), '--out', tmp_path / 'same', '--count', 2)
    assert contents(tmp_path / 'files') == contents(tmp_path / 'same')


@pytest.mark.long
def test_faces_come_from_the_moving_average(tmp_path):
    """Of target and source, whatever the latest weights are."""
    for name, latest in (('one', 60), ('other', 61)):
        target, source = [write_run(tmp_path / name / part, (step,), latest=latest)
                          for part, step in (('target', 4), ('source', 7))]
        run('--run', target, '--source', source, '--out', tmp_path / 'out' / name, '--count', 2)
    assert contents(tmp_path / 'out' / 'one') == contents(tmp_path / 'out' / 'other')
    assert len(contents(tmp_path / 'out' / 'one')) == 5


def message(*words):
    with pytest.raises(UserError) as caught:
        run(*words)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_other_settings_in_the_same_folder_are_refused(tmp_path, trained):
    out = tmp_path / 'out'
    run('--run', trained, '--out', out, '--count', 2)
    before = contents(out), (out / 'generated.json').read_text()
    text = message('--run', trained, '--out', out, '--count', 2, '--truncation', 0.5)
    assert 'truncation is 0.7 there and 0.5 now' in text
    assert 'target is' in message('--run', trained, '--out', out, '--count', 2, '--checkpoint', 2)
    assert (contents(out), (out / 'generated.json').read_text()) == before


def test_a_folder_of_other_pictures_is_refused(tmp_path, trained):
    images.write_bgr(tmp_path / 'out' / 'mine.jpg', np.zeros((8, 8, 3), np.uint8))
    assert 'not of this command' in message('--run', trained, '--out', tmp_path / 'out', '--count', 1)
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['mine.jpg']


@pytest.mark.parametrize('options, part', [
    (('--blend', 5), '0, 4, 8, not 5'), (('--blend', 16), '0, 4, 8, not 16'), (('--mix-w', 5), '0 to 4'),
    (('--truncation', -1), '--truncation'), (('--count', 0), 'at least 1'), (('--seed', -1), '--seed'),
    (('--blend', 'none', '--blend-width', 1), 'to soften'), (('--checkpoint', 3), 'there are 2, 4')])
def test_mistakes_are_refused_before_anything_is_written(tmp_path, trained, options, part):
    assert part in message('--run', trained, '--out', tmp_path / 'out', *options)
    assert not (tmp_path / 'out').exists()


def test_generators_that_cannot_be_sampled_are_refused(tmp_path, trained):
    out = ('--out', tmp_path / 'out')
    alone = write_run(tmp_path / 'alone', source=False)
    assert 'was trained without a source' in message('--run', alone, *out)
    assert 'no checkpoint' in message('--run', tmp_path / 'none', *out)
    assert 'RUN/checkpoints/model-2' in message('--target', trained, '--checkpoint', 2, *out)
    damaged = write_npz(tmp_path / 'nan.npz', **{'to_rgb1/bias': np.array([0, np.nan, 0], np.float32)})
    assert 'nan.npz: its generator_ema holds values' in message('--target', damaged, '--blend', 'none', *out)
    assert 'name it with --source' in message('--target', write_npz(tmp_path / 'good.npz'), *out)
    for other, part in ((TINY._replace(size=32), '32 px'), (TINY._replace(max_channels=6), 'at most 6 channels')):
        text = message('--run', trained, '--source', write_npz(tmp_path / 'other.npz', a=other), *out)
        assert 'different sizes' in text and part in text
    atomic.write_arrays(tmp_path / 'unlike.npz', {'generator/Conv/weights': np.zeros((7, 7, 3, 2), np.float32)})
    assert 'holds no StyleGAN2 generator' in message('--target', tmp_path / 'unlike.npz', *out)
    assert not (tmp_path / 'out').exists()


def test_a_mistake_exits_with_2(tmp_path):
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: run('--run', tmp_path, '--out', tmp_path / 'out'))
    assert left.value.code == 2
