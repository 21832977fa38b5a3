"""Choices for a whole process: which freed memory stays, signals ask instead of ending, an import chooses nothing."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dctnet import process

_ROOT = Path(__file__).parents[1]
_HELD = """
import sys
import numpy as np
from pathlib import Path
from dctnet import process
if sys.argv[1] != 'as usual':
    assert getattr(process, sys.argv[1])()
for megabytes in map(int, sys.argv[2:]):
    arrays = [np.ones(megabytes << 20, np.uint8) for _ in range(8)]
    behind = [np.ones(1000) for _ in range(10)]
    del arrays
    arrays = behind
print(int(Path('/proc/self/statm').read_text().split()[1]) * 4 // 1024)
"""


def held(setting, *megabytes):
    """MB that a process holds after it has made and freed arrays of these sizes."""
    words = [sys.executable, '-c', _HELD, setting, *map(str, megabytes)]
    return int(subprocess.check_output(words, cwd=str(_ROOT)))


@pytest.mark.long
@pytest.mark.skipif(not process.keep_freed_memory(), reason='the C library is not glibc')
def test_which_arrays_leave_memory_behind():
    # By itself glibc takes 28 MB from the heap, below something that stays, once 31 MB were freed.
    left, nothing = held('as usual', 31, 28), held('as usual', 16)
    assert held('give_back_freed_memory', 31, 28) < left - 50
    assert held('reuse_memory_of_small_tensors', 31, 28) < left - 50
    assert held('give_back_freed_memory', 16) < nothing + 50
    assert held('reuse_memory_of_small_tensors', 16) > nothing + 50
    assert held('keep_freed_memory', 31) > nothing + 50


def test_another_c_library_is_no_obstacle(monkeypatch):
    monkeypatch.setattr(process.ctypes, 'CDLL', lambda name: object())
    assert process.give_back_freed_memory() is False
    assert process.reuse_memory_of_small_tensors() is False
    assert process.keep_freed_memory() is False


ALL_STOPS = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT]


@pytest.mark.parametrize('number', ALL_STOPS)
def test_a_signal_asks_to_stop_and_handlers_are_put_back(number, heeded_hangups):
    before = [signal.getsignal(n) for n in ALL_STOPS]
    reasons = []
    with process.stop_signals(reasons.append):
        os.kill(os.getpid(), number)
        signal.getsignal(number)  # lets the handler run
    assert reasons == [number.name]
    assert [signal.getsignal(n) for n in ALL_STOPS] == before


@pytest.fixture()
def handlers():
    before = {number: signal.getsignal(number) for number in ALL_STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize('number', process.STOP_SIGNALS)
def test_a_signal_interrupts_a_command_until_its_end(number, heeded_hangups, handlers):
    with pytest.raises(process.Stopped, match=number.name):
        with process.stop_signals_interrupt():
            os.kill(os.getpid(), number)
            signal.getsignal(number)
    os.kill(os.getpid(), number)  # the exit code is known: nothing happens
    signal.getsignal(number)


def test_what_nohup_ignores_stays_ignored(handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reasons = []
    with process.stop_signals_interrupt(), process.stop_signals(reasons.append):
        os.kill(os.getpid(), signal.SIGHUP)
        signal.getsignal(signal.SIGHUP)
    assert not reasons and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


_FORK = """
import os, signal
from dctnet import process
with process.stop_signals_interrupt():
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_can_be_ended():
    # In a process of its own: a fork of this one may wait for ever for TensorFlow's threads, which it does not have.
    said = subprocess.run([sys.executable, '-c', _FORK], cwd=str(_ROOT), stdout=subprocess.PIPE, check=True, timeout=60)
    assert int(said.stdout) == signal.SIGTERM


def test_a_second_interrupt_ends_the_process_at_once():
    with pytest.raises(KeyboardInterrupt):
        with process.stop_signals(lambda reason: None):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                signal.getsignal(signal.SIGINT)


_IMPORT = """
import logging, os, signal, sys, warnings
def state():
    switches = {name: value for name, value in os.environ.items() if name.startswith(('TF_', 'XLA_', 'CUDA_', 'OMP_'))}
    return switches, signal.getsignal(signal.SIGTERM), list(logging.getLogger().handlers)
before = state()
from dctnet import FrozenGraph, Stylizer
from dctnet.compat import TENSORFLOW_VERSION, tf
assert state() == before, (state(), before)
assert logging.getLogger('dctnet').level == logging.NOTSET
if TENSORFLOW_VERSION.startswith('2'):
    import tensorflow
    assert tensorflow.executing_eagerly()
    model = tensorflow.keras.Sequential([tensorflow.keras.layers.Dense(1)])
    model.compile('sgd', 'mse')
    x = tensorflow.random.normal([8, 3])
    model.fit(x, x[:, :1], verbose=0)
graph = tf.Graph()
with graph.as_default():
    tf.identity(tf.placeholder(tf.float32, [None], name='x') * 2, name='y')
assert FrozenGraph(graph.as_graph_def(), ['x:0'], ['y:0'], 'cpu')([1.0, 2.0]).tolist() == [2, 4]
if TENSORFLOW_VERSION.startswith('2'):
    assert model(x).shape == (8, 1) and tensorflow.executing_eagerly()
"""


@pytest.mark.long
def test_an_import_leaves_the_process_and_a_keras_model_in_it_as_they_are():
    environment = {name: value for name, value in os.environ.items() if not name.startswith('TF_')}
    subprocess.run([sys.executable, '-c', _IMPORT], cwd=str(_ROOT), env=environment, check=True)
