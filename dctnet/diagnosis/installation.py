"""The Python side of a machine: which libraries import, what pip has installed, what nvidia-smi tells. Needs only the
standard library, so that a broken library is a fact and not a failure."""
import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

from dctnet.diagnosis.facts import Capability, Card, Driver, Installation

# Module -> what pip calls it. All are loaded by a training. dctnet.compat stands for TensorFlow and tf-slim.
LIBRARIES = {'numpy': 'numpy', 'scipy': 'scipy', 'cv2': 'opencv-python-headless', 'skimage': 'scikit-image',
             'dlib': 'dlib-bin', 'PIL': 'Pillow', 'yaml': 'PyYAML', 'tqdm': 'tqdm', 'dctnet.compat': 'tensorflow'}
_QUERY = 'name,driver_version,memory.total'


def installation() -> Installation:
    """Load every library of LIBRARIES and list what is installed."""
    versions: Dict[str, str] = {}
    failures: Dict[str, str] = {}
    for module, package in LIBRARIES.items():
        try:
            loaded = importlib.import_module(module)
        except Exception as error:  # whatever a broken library raises
            failures[package] = (str(error) or type(error).__name__).strip().split('\n')[0]
        else:
            versions[package] = getattr(loaded, 'TENSORFLOW_VERSION', getattr(loaded, '__version__', '?'))
    return Installation(platform.python_version(), versions, failures, distributions(sys.path), _has_cascades())


def distributions(places: Iterable[str]) -> List[Tuple[str, str]]:
    """(name, version) of every distribution in folders of modules, once a folder, by the names of their records."""
    found = []
    for place in dict.fromkeys(str(Path(place).resolve()) for place in places if place):
        records = Path(place).glob('*-*.dist-info') if Path(place).is_dir() else []
        for record in sorted(records):
            name, version = record.name[:-len('.dist-info')].rsplit('-', 1)
            found.append((name.lower().replace('_', '-'), version))
    return found


def _has_cascades() -> bool:
    return hasattr(sys.modules.get('cv2'), 'CascadeClassifier')


def driver() -> Driver:
    """What nvidia-smi tells. Older drivers do not know compute capabilities."""
    for fields in (_QUERY + ',compute_cap', _QUERY):
        try:
            text = subprocess.run(['nvidia-smi', f'--query-gpu={fields}', '--format=csv,noheader,nounits'], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30).stdout.decode()
            return parsed_driver(text)
        except (OSError, ValueError, subprocess.SubprocessError):
            continue
    return Driver('', [], [])


def parsed_driver(text: str) -> Driver:
    """The cards of nvidia-smi's lines `name, driver, memory in MB[, compute capability]`. Raises ValueError if they are
    no such lines."""
    rows = [[field.strip() for field in line.split(',')] for line in text.splitlines() if line.strip()]
    if any(len(row) < 3 for row in rows):
        raise ValueError('nvidia-smi tells no cards')
    cards = [Card(row[0], capability(row[3] if len(row) > 3 else '')) for row in rows]
    memory = [int(row[2]) if row[2].isdigit() else 0 for row in rows]
    return Driver(rows[0][1] if rows else '', cards, memory)


def capability(text: str) -> Optional[Capability]:
    """'9.0' -> (9, 0); None if it is no such text."""
    parts = text.strip().split('.')
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdigit() for part in parts) else None


def memory_gb() -> float:
    """Memory of the machine; 0 if the system does not tell."""
    try:
        return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    except (AttributeError, OSError, ValueError):
        return 0.0
