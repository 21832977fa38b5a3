"""Saving, finding, restoring and starting from checkpoints; damaged and foreign ones."""
import os

import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.runs import checkpoint, checkpoint_files

SHARD = '.data-00000-of-00001'


def save(folder, step=1, shape=(2, 3), value=1.5, keep=5, name='generator/w'):
    """A checkpoint with one variable, global_step and an optimiser's entry."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable(name, initializer=np.full(shape, value, np.float32))
        tf.get_variable(name + '/Adam', initializer=np.zeros(shape, np.float32))
        tf.get_variable('global_step', initializer=np.int64(step))
        saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        session.run(tf.global_variables_initializer())
        return checkpoint.save(session, saver, folder, step, keep)


def restore(prefix, shape=(2, 3), name='generator/w'):
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.get_variable(name, shape)
        saver = tf.train.Saver(tf.global_variables())
        checkpoint.restore(session, saver, prefix)
        return session.run(variable)


def start(arrays, required='generator'):
    """(report, values) of a warm start of generator/w [2, 3], generator/b [3] and other/v [2]."""
    with tf.Graph().as_default(), tf.Session() as session:
        variables = [tf.get_variable(name, shape, initializer=tf.ones_initializer())
                     for name, shape in (('generator/w', [2, 3]), ('generator/b', [3]), ('other/v', [2]))]
        session.run(tf.global_variables_initializer())
        report = checkpoint.warm_start(session, variables, arrays, 'SOURCE', required)
        return report, session.run(variables)


def message(function, *arguments, **options):
    with pytest.raises(UserError) as caught:
        function(*arguments, **options)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_saved_whole_found_and_restored(tmp_path):
    assert checkpoint_files.latest(tmp_path) is None and checkpoint_files.latest(tmp_path / 'gone') is None
    for step in (9, 100, 20):
        save(tmp_path, step, value=step)
    prefixes = checkpoint_files.all_in(tmp_path)
    assert [checkpoint_files.step_of(prefix) for prefix in prefixes] == [9, 20, 100]  # by number
    assert checkpoint_files.latest(tmp_path) == tmp_path / 'model-100'
    assert (restore(tmp_path / 'model-20') == 20).all()
    assert '.saving' not in os.listdir(str(tmp_path))


def test_keep_removes_the_oldest(tmp_path):
    for step in (1, 2, 3, 4):
        save(tmp_path, step, keep=2)
    assert sorted(os.listdir(str(tmp_path))) == ['checkpoint'] + sorted(
        f'model-{step}{end}' for step in (3, 4) for end in (SHARD, '.index'))


def test_what_a_kill_leaves_behind_is_no_checkpoint(tmp_path):
    save(tmp_path, 3)
    (tmp_path / '.saving').mkdir()
    (tmp_path / '.saving' / 'model-5.index').write_text('half')
    (tmp_path / ('model-5' + SHARD)).write_text('killed before the index came')
    (tmp_path / 'model-7.index').write_text('no data')
    (tmp_path / 'model-best.index').write_text('')
    (tmp_path / ('model-best' + SHARD)).write_text('')
    assert checkpoint_files.latest(tmp_path) == tmp_path / 'model-3'
    save(tmp_path, 5, value=7)
    assert (restore(tmp_path / 'model-5') == 7).all() and not (tmp_path / '.saving').exists()


def test_a_kill_between_the_two_files_leaves_no_index(tmp_path, monkeypatch):
    usual = checkpoint.durable.rename

    def replace_one(source, target):
        usual(source, target)
        raise KeyboardInterrupt
    monkeypatch.setattr(checkpoint.durable, 'rename', replace_one)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, 3)
    assert os.listdir(str(tmp_path)) == ['model-3' + SHARD]


@pytest.mark.parametrize('name', ['my[v2]', '[a]', 'q\\x', 'q?x*', 'a b', 'two\nlines', 'q\udcffx', '日本'])
def test_any_name_of_a_folder(tmp_path, name):
    """TensorFlow takes brackets and backslashes for a pattern, in any folder above, too."""
    folder = tmp_path / name / 'checkpoints'
    save(folder, 3)
    assert (restore(folder / 'model-3') == 1.5).all()
    assert checkpoint.read_arrays(tmp_path / name)['generator/w'].shape == (2, 3)


def test_tensorflow_itself_finds_and_reads_it(tmp_path):
    save(tmp_path, 3)
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / 'model-3')
    assert tf.train.load_variable(str(tmp_path / 'model-3'), 'generator/w').shape == (2, 3)


@pytest.mark.parametrize('end', [SHARD, '.index'])
@pytest.mark.parametrize('damage', ['empty', 'half', 'garbage', 'flipped'])
def test_a_damaged_checkpoint_is_told_in_words(tmp_path, end, damage):
    prefix = save(tmp_path, 3, shape=(50, 30))
    path = tmp_path / ('model-3' + end)
    data = bytearray(path.read_bytes())
    if damage == 'flipped':
        data[len(data) // 3] ^= 0xff
    path.write_bytes({'empty': b'', 'half': bytes(data[:len(data) // 4]), 'garbage': b'\x93' * len(data),
                      'flipped': bytes(data)}[damage])
    for text in (message(restore, prefix, shape=(50, 30)), message(checkpoint.read_arrays, tmp_path)):
        assert 'model-3' in text


def test_another_architecture(tmp_path):
    prefix = save(tmp_path, 3)
    text = message(restore, prefix, shape=(2, 4))
    assert 'another architecture' in text and 'generator/w [2, 3] instead of [2, 4]' in text
    text = message(restore, prefix, name='generator/v')
    assert '1 missing (generator/v)' in text and '1 unused (generator/w)' in text


def test_every_way_to_name_a_source(tmp_path):
    prefix = save(tmp_path / 'checkpoints', 3)
    save(tmp_path / 'checkpoints', 2)
    np.savez(str(tmp_path / 'x.npz'), **{'generator/w': np.full((2, 3), 1.5, np.float16), 'n': np.arange(3)})
    for source in (tmp_path, tmp_path / 'checkpoints', prefix, str(prefix) + '.index', tmp_path / 'x.npz'):
        arrays = checkpoint.read_arrays(source)
        assert arrays['generator/w'].dtype == np.float32 and (arrays['generator/w'] == 1.5).all()
    assert checkpoint.read_arrays(tmp_path)['global_step'] == 3
    assert checkpoint.read_arrays(tmp_path / 'x.npz')['n'].dtype.kind == 'i'


def test_sources_that_are_none(tmp_path):
    (tmp_path / 'empty').mkdir()
    assert 'holds no checkpoint' in message(checkpoint.read_arrays, tmp_path / 'empty')
    assert 'does not exist' in message(checkpoint.read_arrays, tmp_path / 'model-5')
    assert 'do not exist' in message(checkpoint.read_arrays, tmp_path / 'x.npz')
    np.savez(str(tmp_path / 'code.npz'), x=np.array([{'a': 1}], dtype=object))
    assert 'not a readable .npz' in message(checkpoint.read_arrays, tmp_path / 'code.npz')
    np.savez(str(tmp_path / 'x.npz'), x=np.zeros((40, 40)))
    data = (tmp_path / 'x.npz').read_bytes()
    for bad in (b'', data[:len(data) // 2], b'\x93' * 999):
        (tmp_path / 'x.npz').write_bytes(bad)
        assert 'x.npz are not a readable .npz' in message(checkpoint.read_arrays, tmp_path / 'x.npz')
    (tmp_path / 'notes.txt').write_text('')
    assert 'notes.txt' in message(checkpoint.read_arrays, tmp_path / 'notes.txt')


def test_warm_start_reports_what_fits():
    arrays = {'generator/w': np.full((2, 3), 5.0), 'generator/b': np.arange(3), 'extra': np.zeros(1),
              'generator/w/Adam': np.zeros((2, 3)), 'beta1_power': np.zeros(()), 'global_step': np.int64(7)}
    report, (w, b, v) = start(arrays)
    assert (w == 5).all() and list(b) == [0, 1, 2] and list(v) == [1, 1]
    assert report.loaded == ['generator/w', 'generator/b'] and report.missing == ['other/v']
    assert report.unused == ['extra'] and report.reshaped == []
    assert report.text() == '2 loaded; 1 missing (other/v); 1 unused (extra)'


def test_warm_start_refuses_what_does_not_fit():
    text = message(start, {'generator/w': np.zeros((2, 3))})
    assert 'cannot start from SOURCE' in text and '2 missing (generator/b, other/v)' in text
    text = message(start, {'generator/w': np.zeros((2, 9)), 'generator/b': np.zeros(3)})
    assert '1 reshaped (generator/w [2, 9] instead of [2, 3])' in text and '`model:`' in text
    text = message(start, {'generator/w': np.zeros((2, 3)), 'generator/b': np.zeros(3), 'other/v': np.zeros(5)})
    assert 'other/v [5] instead of [2]' in text
    assert start({'generator/w': np.zeros((2, 3))}, required='')[0].missing == ['generator/b', 'other/v']


@pytest.mark.parametrize('bad', [np.array(['a'] * 6).reshape(2, 3), np.full((2, 3), np.nan), np.full((2, 3), np.inf)])
def test_warm_start_refuses_what_is_no_number(bad):
    text = message(start, {'generator/w': bad, 'generator/b': np.zeros(3)})
    assert 'SOURCE' in text and 'generator/w' in text


def test_long_reports_are_cut():
    report = checkpoint.compare({}, {f'n{i:02d}': (1,) for i in range(20)})
    assert report.text() == '0 loaded; 20 unused (n00, n01, n02, n03, n04, n05, ...)'
