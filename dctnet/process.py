"""Settings of a whole process: environment, memory, signals. Commands make them; a library must not.

None of these functions loads TensorFlow, which reads some of the settings only when it loads.
"""
import contextlib
import ctypes
import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Callable, Dict, Iterator

log = logging.getLogger(__name__)

_XLA_ON_CPUS = '--tf_xla_cpu_global_jit'  # without it the compiler leaves CPUs alone; read once, by the first session
_SMALL, _MIDDLING = 8 << 20, 24 << 20  # bytes: activations in the first layers at 256 px: 8 MB an image
_KEPT, _MORE_AT_ONCE = (1 << 31) - 1, 64 << 20  # bytes that stay free, and that the system is asked for
# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -3, -4, -8

# A scheduler's end of time, a closed terminal, and the warnings that schedulers can be told to send. Windows has one.
STOP_SIGNALS = [getattr(signal, name) for name in ('SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2') if hasattr(signal, name)]


def prepare() -> None:
    """Call before TensorFlow loads: silences all its messages but errors, and turns on oneDNN, which TensorFlow 2
    leaves off on some CPUs (1.15 has none)."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
    logging.getLogger('tensorflow').setLevel(logging.ERROR)
    # tf-slim's layers call a method that Keras deprecates; users can do nothing about it.
    warnings.filterwarnings('ignore', message='`layer.apply` is deprecated')


def find_own_programs() -> None:
    """Let programs that packages of this Python bring be found, although its environment is not activated: TensorFlow
    1.15 starts one (toco_from_protos) to convert to TensorFlow Lite."""
    own = str(Path(sys.executable).parent)
    if own not in os.environ.get('PATH', '').split(os.pathsep):
        os.environ['PATH'] = os.pathsep.join(filter(None, [os.environ.get('PATH', ''), own]))


def compile_for_cpus_too() -> None:
    """Call before the first session: lets XLA also compile for CPUs in sessions that use it (compat.session_config)."""
    flags = os.environ.get('TF_XLA_FLAGS', '')
    if _XLA_ON_CPUS not in flags:
        os.environ['TF_XLA_FLAGS'] = f'{flags} {_XLA_ON_CPUS}'.strip()


def give_back_freed_memory() -> bool:
    """For content calibration: all threads share one heap, and each tensor of more than 8 MB has pages of its own. The
    system gets them back when it is freed.

    Otherwise the heap gets holes: at 64 px, batch 8, in 1.15 4.7 instead of 3.2 GB at the peak, for 5 % less CPU time.
    Returns False, and changes nothing, if the C library is not glibc.
    """
    return _tell_malloc({_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: _SMALL})


def reuse_memory_of_small_tensors() -> bool:
    """For texture translation: as before, but tensors of up to 24 MB get pages that earlier ones had.

    In 1.15 clearing new pages for each of them takes a fifth of a step's CPU time, and keeping those of large tensors,
    too, 100 to 220 MB at 256 px, batch 4 (docs/performance.md). Returns False, and changes nothing, if the C library is
    not glibc.
    """
    return _tell_malloc({_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: _MIDDLING, _M_TRIM_THRESHOLD: _KEPT,
                         _M_TOP_PAD: _MORE_AT_ONCE})


def keep_freed_memory() -> bool:
    """For processes that translate image after image: freed memory stays with the process, whatever its size.

    Otherwise it clears new pages for each large tensor, in 1.15 8 % of a translation's time. Returns False, and changes
    nothing, if the C library is not glibc.
    """
    return _tell_malloc({_M_ARENA_MAX: 1, _M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _KEPT, _M_TOP_PAD: _MORE_AT_ONCE})


def _tell_malloc(settings: Dict[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([mallopt(name, value) for name, value in settings.items()])


class Stopped(KeyboardInterrupt):
    """A signal of STOP_SIGNALS has asked the process to stop; its name is the argument."""


@contextlib.contextmanager
def stop_signals_interrupt() -> Iterator[None]:
    """A context: STOP_SIGNALS raise Stopped, as Ctrl-C raises KeyboardInterrupt; after it all of them do nothing.

    For a whole command, whose exit code is known when the context ends. Signals that are ignored already (nohup) stay
    so. A process that is forked gets the system's own handling back.
    """
    def handle(number: int, frame: object) -> None:
        raise Stopped(signal.Signals(number).name)

    numbers = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, handle)
    numbers = numbers + [signal.SIGINT]
    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=_system_handling)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, lambda number, frame: None)  # unlike SIG_IGN, no program that is started inherits it


def _system_handling() -> None:
    for number in STOP_SIGNALS:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def stop_signals(ask_to_stop: Callable[[str], None]) -> Iterator[None]:
    """A context: STOP_SIGNALS and Ctrl-C call ask_to_stop(name of the signal) instead of ending the process; a second
    Ctrl-C ends it at once."""
    def handle(number: int, frame: object) -> None:
        name = signal.Signals(number).name
        log.info('%s: stopping after this step; the same command goes on from there', name)
        ask_to_stop(name)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    numbers = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN] + [signal.SIGINT]
    former = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
