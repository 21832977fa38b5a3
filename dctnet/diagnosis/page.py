"""The page of the doctor, line by line, from facts."""
import textwrap
from typing import List, Optional

from dctnet.diagnosis.facts import Card, Driver, Finding, Installation, Numbers, Runtime, Speed
from dctnet.diagnosis.findings import LOSS_LIMIT, gradient_limit
from dctnet.diagnosis.installation import memory_gb
from dctnet.parallel import core_count

_WIDTH, _LABEL = 120, 12


def entry(label: str, text: str) -> str:
    """A label and its text, which goes on under itself."""
    return textwrap.fill(text, _WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=' ' * _LABEL,
                         break_on_hyphens=False, break_long_words=False)


def of_installation(found: Installation) -> List[str]:
    """Versions and machine."""
    versions = [f'Python {found.python}'] + [f'{name} {version}' for name, version in found.versions.items()]
    memory = memory_gb()
    return [entry('Runtime', ', '.join(versions)),
            entry('Machine', f'{core_count()} cores' + (f', {memory:.0f} GB of memory' if memory else ''))]


def of_runtime(runtime: Runtime, driver: Driver, half: Optional[List[str]]) -> List[str]:
    """Cards, what TensorFlow was built for, and precisions. half: that take effect beside float32; None: not tried."""
    build = 'CPUs only'
    if runtime.cuda_build:
        build = f"CUDA {runtime.cuda or '(unknown)'}, cuDNN {runtime.cudnn or '(unknown)'}" + (
            f", code for {', '.join(runtime.code)}" if runtime.code else '')
    cards = ', '.join(_described(card) for card in runtime.cards) or 'none that TensorFlow uses'
    if driver.version:
        listed = ', '.join(f'{_described(card)}, {memory / 1024:.0f} GB' if memory else _described(card)
                           for card, memory in zip(driver.cards, driver.memory_mb))
        cards += f'; driver {driver.version} with {listed}'
    else:
        cards += '; nvidia-smi tells nothing'
    switches = [f"TF32 {'on' if runtime.tf32 else 'off'}", f'oneDNN {runtime.onednn}']
    switches += [f"{name} {'usable' if name in half else 'not usable'}" for name in ('float16', 'bfloat16')
                 if half is not None]
    return [entry('Cards', cards), entry('Built for', build), entry('Precision', ', '.join(switches))]


def _described(card: Card) -> str:
    return card.name + (' ({}.{})'.format(*card.capability) if card.capability else '')


def of_numbers(numbers: Numbers, tf32: bool, device: str) -> str:
    """How far the step on the device is from float64."""
    parts = [f'{name} {numbers.losses[name]:.1g} and {numbers.gradients[name]:.1g}' for name in numbers.losses]
    return entry('Numbers', f"a step of 64 px on {device}, against float64 on the CPU; relative differences of loss "
                            f"and gradients: {'; '.join(parts)} (limits {LOSS_LIMIT:g} and {gradient_limit(tf32):g})")


def of_speed(speed: Speed) -> str:
    """A preset's time here."""
    rate = speed.batch / speed.seconds
    text = (f'{speed.preset}: {speed.seconds:.3g} s a step of {speed.batch} pictures of {speed.size} px '
            f'({rate:.3g} pictures/s); its {speed.steps} steps of {speed.preset_batch} at {speed.preset_size} px take '
            f'about {duration(whole_training(speed))}, reading files left out')
    return entry('Speed', text)


def whole_training(speed: Speed) -> float:
    """Seconds of the preset's training: the time goes with the pixels (docs/performance.md, "Over batches and
    sizes")."""
    pixels = speed.preset_batch * speed.preset_size ** 2 / (speed.batch * speed.size ** 2)
    return speed.seconds * speed.steps * pixels


def duration(seconds: float) -> str:
    """In the unit that suits it."""
    for unit, length in (('days', 86400), ('hours', 3600), ('minutes', 60)):
        if seconds >= 2 * length:
            return f'{seconds / length:.3g} {unit}'
    return f'{seconds:.3g} seconds'


def of_findings(findings: List[Finding]) -> List[str]:
    """What was found: what - where - what to do; the wrong first."""
    return [entry('WRONG' if finding.wrong else 'note', f'{finding.what} – {finding.where} – {finding.remedy}')
            for finding in sorted(findings, key=lambda finding: not finding.wrong)]


def verdict(findings: List[Finding]) -> str:
    """The last line."""
    if any(finding.wrong for finding in findings):
        return entry('Verdict', 'a training would fail or be wrong here: put right what is marked WRONG')
    return entry('Verdict', 'fine: a training is right here')
