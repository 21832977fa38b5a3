"""python -m dctnet.doctor: whether a training would be right on this machine, and how long it would take.

One page: versions, cards, precisions; a small training step against float64 on the CPU; the time of a step of the
official and the fast preset, and of their whole trainings. No pictures and no weights are needed. Exit codes: 0 fine,
2 a training would fail or be wrong here; the page says what to do.
"""
from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, List, NoReturn, Optional, Sequence

import dctnet
from dctnet import places, process
from dctnet.command_line import Parser
from dctnet.diagnosis import findings, page
from dctnet.diagnosis.facts import Finding, Installation, Runtime, Speed
from dctnet.diagnosis.installation import driver, installation
from dctnet.errors import DONE, USER_MISTAKE, UserError, exit_with

if TYPE_CHECKING:  # TensorFlow loads after it is known that it does
    from dctnet.compat import tf
    from dctnet.config import TtnConfig

_PRESETS = ('ttn/official.yaml', 'ttn/fast.yaml')
_CPU_SIZE, _CPU_BATCH = 128, 2  # some seconds a step


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.doctor', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto', help='default: auto')
    parser.add_argument('--size', type=int, metavar='PX',
                        help=f'side of the timed pictures; default: the preset\'s on a GPU, {_CPU_SIZE} on a CPU')
    parser.add_argument('--batch', type=int, metavar='N',
                        help=f'pictures of a timed step; default: the preset\'s on a GPU, {_CPU_BATCH} on a CPU')
    options = parser.parse_args(argv)
    if options.size is not None and (options.size % 16 or not 16 <= options.size <= 1024):
        parser.error('--size must be a multiple of 16, from 16 to 1024')
    if options.batch is not None and options.batch < 1:
        parser.error('--batch must be 1 or more')
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    process.prepare()
    process.reuse_memory_of_small_tensors()
    _show([f'dctnet {dctnet.__version__}'])
    found = installation()
    _show(page.of_installation(found))
    noted = findings.of_installation(found)
    if not found.failures:
        noted += _with_tensorflow(options, found)
    _show(page.of_findings(noted) + [page.verdict(noted)])
    return USER_MISTAKE if any(finding.wrong for finding in noted) else DONE


def _with_tensorflow(options: argparse.Namespace, found: Installation) -> List[Finding]:
    """Show what TensorFlow tells, and measure if that may be right."""
    from dctnet.compat import graph_mode
    from dctnet.diagnosis.runtime import half_precisions, runtime
    graph_mode()
    known, installed = runtime(options.device, found.distributions), driver()
    noted = findings.of_cards(options.device, known, installed) + findings.of_switches(known)
    wrong = any(finding.wrong for finding in noted)
    _show(page.of_runtime(known, installed, None if wrong else half_precisions(options.device)))
    return noted if wrong else noted + _measured(options, known)


def _measured(options: argparse.Namespace, known: Runtime) -> List[Finding]:
    """Show the numbers and the times of steps."""
    from dctnet.compat import tf
    from dctnet.diagnosis.step import numbers
    from dctnet.nets.content_network import content_network
    device = known.cards[0].name if known.cards else 'the CPU'
    network = content_network('random', 256)
    try:
        compared = numbers(options.device, network)
    except (UserError, tf.errors.OpError) as error:
        return [_failed('a training step fails', device, error)]
    _show([page.of_numbers(compared, known.tf32, device)])
    noted = findings.of_numbers(compared, known.tf32, device)
    for preset in _PRESETS:
        try:
            _show([page.of_speed(_timed(preset, options, known, network))])
        except (UserError, tf.errors.OpError) as error:
            noted.append(_failed(f'a step of {preset} fails', device, error))
            break
    return noted


def _timed(preset: str, options: argparse.Namespace, known: Runtime, content_network: tf.GraphDef) -> Speed:
    """The time of a step of a preset that is shipped, at the size and batch that were asked for."""
    from dctnet.config import TtnConfig
    from dctnet.config_file import load
    from dctnet.diagnosis.step import seconds_a_step
    config = load(TtnConfig, places.config_path(preset))
    warmup, steps = (5, 20) if known.cards else (1, 2)
    timed = _at_size(config, options, bool(known.cards))
    return Speed(preset, timed.data.size, timed.data.batch_size,
                 seconds_a_step(timed, content_network, warmup, steps),
                 config.train.steps, config.data.size, config.data.batch_size)


def _at_size(config: TtnConfig, options: argparse.Namespace, on_card: bool) -> TtnConfig:
    size = options.size or (config.data.size if on_card else _CPU_SIZE)
    batch = options.batch or (config.data.batch_size if on_card else _CPU_BATCH)
    return replace(config, data=replace(config.data, size=size, batch_size=batch),
                   train=replace(config.train, device=options.device))


def _failed(what: str, device: str, error: Exception) -> Finding:
    text = str(getattr(error, 'message', error)).strip().split('\n')[0]
    return Finding(True, what, f'on {device}: {text[:300]}',
                   'memory: a smaller --batch or --size, in a training data.batch_size or data.size; else bring driver '
                   'and TensorFlow together, or train on another device')


def _show(lines: Sequence[str]) -> None:
    """Print lines at once: measuring takes a while."""
    for line in lines:
        print(line, flush=True)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
