"""released*.npz: released generators on a real picture, as the frozen translator gives it."""
from pathlib import Path
from typing import List

import numpy as np

from dctnet import frozen
from dctnet.errors import UserError
from dctnet.exporters.translator import translator_graph
from dctnet.runs import checkpoint
from tests.parity.comparison import Row

# At most one grey level on 99.9 % of the values: compared is the 99.9th percentile of the difference.
SHARE, TOLERANCE = 99.9, 1.0


def check(path: Path, styles: Path) -> List[Row]:
    """Run every style that the file has an output of."""
    with np.load(str(path), allow_pickle=False) as archive:
        names = [name for name in archive.files if name.startswith('output_')]
        image, outputs = archive['image'], {name: archive[name] for name in names}
    rows = []
    for name, expected in outputs.items():
        source = styles / f"{name[len('output_'):]}.npz"
        if not source.exists():
            raise UserError(f'{source} is needed for {path}: name its folder with --styles')
        translator = frozen.FrozenGraph(translator_graph(checkpoint.read_arrays(source), str(source)), device='cpu')
        found = translator(image.astype(np.float32))
        translator.close()
        difference = np.abs(found.astype(int) - expected)
        rows.append(Row(name, float(np.percentile(difference, SHARE)), TOLERANCE))
    return rows
