"""From facts to findings: pure functions, which no device takes part in."""
from typing import List, Optional, Tuple

from dctnet.diagnosis.facts import Card, Driver, Finding, Installation, Numbers, Runtime

# Packages that install the same module `tensorflow`, or `cv2`: the last one has overwritten the others' files.
_SAME_MODULE = {
    'TensorFlow': ('tensorflow', 'tensorflow-cpu', 'tensorflow-gpu', 'tensorflow-rocm', 'tf-nightly', 'tf-nightly-cpu',
                   'intel-tensorflow', 'nvidia-tensorflow'),
    'OpenCV': ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless'),
}
_AMPERE, _FIRST_CUDA_FOR_AMPERE = (8, 0), 11
LOSS_LIMIT = 1e-3
GRADIENT_LIMIT, TF32_GRADIENT_LIMIT = 1e-4, 1e-2


def of_installation(found: Installation) -> List[Finding]:
    """Libraries that are missing or there twice."""
    findings = [_failed_import(package, why) for package, why in found.failures.items()]
    for library, packages in _SAME_MODULE.items():
        there = [(name, version) for name, version in found.distributions if name in packages]
        if len(there) > 1:
            differ = len({version for _, version in there}) > 1
            listed = ', '.join(f'{name} {version}' for name, version in there)
            findings.append(Finding(
                differ, f'{library} is installed {len(there)} times', f'{listed}, into the same folder',
                f'pip uninstall {" ".join(sorted({name for name, _ in there}))}, then install one of them again'))
    if 'opencv-python-headless' in found.versions and not found.cascades:
        findings.append(Finding(
            False, 'OpenCV has no cascades', f"OpenCV {found.versions['opencv-python-headless']}",
            'install opencv-python-headless<5 if you want faces found by a cascade; the other detectors work'))
    return findings


def _failed_import(package: str, why: str) -> Finding:
    remedy = f'pip install {package} in the versions of pyproject.toml, or run `make setup`'
    if 'libGL' in why:
        remedy = 'put opencv-python-headless of the same version in the place of opencv-python, or install libGL'
    elif 'GLIBC' in why:
        remedy = f'install a {package} that was built for this system'
    return Finding(True, f'{package} does not import', why, remedy)


def of_cards(asked: str, runtime: Runtime, driver: Driver) -> List[Finding]:
    """What keeps TensorFlow from using the cards well. asked: 'auto', 'cpu' or 'gpu'."""
    if asked == 'cpu':
        return []
    if not runtime.cards:
        return _no_card(asked, runtime, driver)
    findings = []
    for card in dict.fromkeys(runtime.cards):
        finding = _unfit(card, runtime)
        if finding:
            findings.append(finding)
    return findings


def _no_card(asked: str, runtime: Runtime, driver: Driver) -> List[Finding]:
    required = asked == 'gpu'
    if not required and not driver.cards and not runtime.card_error:
        return []  # a machine without a GPU
    what = 'a GPU was asked for and TensorFlow finds none' if required else 'TensorFlow does not use the GPU'
    if runtime.card_error:
        return [Finding(True, what, runtime.card_error, 'bring driver and TensorFlow together, or use the CPU: '
                                                        '--device cpu, train.device=cpu')]
    if not runtime.cuda_build:
        return [Finding(required, what, 'this TensorFlow was built for CPUs only',
                        'make setup DEVICE=gpu, or pip install "tensorflow[and-cuda]" in the place of tensorflow-cpu')]
    if not driver.cards:
        return [Finding(required, what, 'nvidia-smi finds no card or is not there',
                        'install the driver, give the container the GPU, or set train.device=auto')]
    return [Finding(required, what, f'driver {driver.version}, CUDA {runtime.cuda}: a library does not load',
                    'set TF_CPP_MIN_LOG_LEVEL=0 and run again to see which; pip install "tensorflow[and-cuda]" brings '
                    'them, `make setup RUNTIME=tf2 DEVICE=gpu` too')]


def _unfit(card: Card, runtime: Runtime) -> Optional[Finding]:
    if card.capability is None:
        return None
    where = '{}, compute capability {}.{}'.format(card.name, *card.capability)
    if card.capability >= _AMPERE and _major(runtime.cuda) and _major(runtime.cuda) < _FIRST_CUDA_FOR_AMPERE:
        return Finding(True, f'this TensorFlow (CUDA {runtime.cuda}) gives wrong results or none on Ampere and later '
                             'cards', where, 'use the runtime of newer cards: make setup RUNTIME=tf2 DEVICE=gpu')
    return _without_code(card.capability, runtime.code, where)


def _without_code(card: Tuple[int, int], code: List[str], where: str) -> Optional[Finding]:
    """Machine code ('sm') runs on cards of the same first number and an equal or higher second; other code ('compute')
    is compiled by the driver, for cards of its number or later."""
    kinds = [(kind, _capability(number)) for kind, _, number in (entry.partition('_') for entry in code)]
    if not kinds or any(kind == 'sm' and each[0] == card[0] and each[1] <= card[1] for kind, each in kinds):
        return None
    listed = f"{where}; there is code for {', '.join(code)}"
    if any(kind == 'compute' and each <= card for kind, each in kinds):
        return Finding(False, 'TensorFlow has no machine code for this card: the driver compiles it at first use, '
                              'which takes minutes', listed,
                       'wait in the first step, keep the cache (CUDA_CACHE_MAXSIZE=4294967296), or install a newer '
                       'TensorFlow')
    return Finding(True, 'TensorFlow has no code that runs on this card', listed,
                   'install a TensorFlow that has it, or use the CPU: train.device=cpu')


def _capability(number: str) -> Tuple[int, int]:
    digits = ''.join(character for character in number if character.isdigit())  # sm_90a
    return (int(digits[:-1] or 0), int(digits[-1:] or 0))


def _major(version: str) -> int:
    """'10.0' -> 10; 0 if unknown."""
    first = version.split('.')[0]
    return int(first) if first.isdigit() else 0


def of_switches(runtime: Runtime) -> List[Finding]:
    """Switches of the environment that slow a training down."""
    if runtime.onednn == 'off' and not runtime.cards:
        return [Finding(False, 'oneDNN is off', 'TF_ENABLE_ONEDNN_OPTS=0 in the environment',
                        'unset it: a step on a CPU takes about half the time with it (docs/performance.md)')]
    return []


def gradient_limit(tf32: bool) -> float:
    """How far gradients may be from float64, relative."""
    return TF32_GRADIENT_LIMIT if tf32 else GRADIENT_LIMIT


def of_numbers(numbers: Numbers, tf32: bool, device: str) -> List[Finding]:
    """Losses and gradients that are too far off, NaN included. device: for the text."""
    findings = []
    for kind, values, limit in (('losses', numbers.losses, LOSS_LIMIT),
                                ('gradients', numbers.gradients, gradient_limit(tf32))):
        off = {name: value for name, value in values.items() if not value <= limit}
        if off:
            listed = ', '.join(f'{name} {value:.1g}' for name, value in off.items())
            findings.append(Finding(
                True, f'{kind} of a training step are wrong', f'on {device}, relative differences {listed}, limit '
                f'{limit:g}', 'unset switches of precision in the environment (ONEDNN_DEFAULT_FPMATH_MODE, '
                              'TF_ENABLE_…), install the pinned versions (make setup), or train on another device'))
    return findings
