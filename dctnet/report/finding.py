"""What a check has found in a run."""
from typing import NamedTuple


class Finding(NamedTuple):
    """symptom: its name, as in docs/troubleshooting.md. seen: the numbers that show it. cause: what mostly brings it
    about. change: what to do, with the keys of the config."""
    symptom: str
    seen: str
    cause: str
    change: str
