"""ModelScope's CartoonTranslationExporter by dctnet.exporters."""
from pathlib import Path
from typing import Dict, Union

from dctnet.errors import UserError
from dctnet.files import atomic


class CartoonTranslationExporter:
    """Freezes generators of checkpoints."""

    def export_frozen_graph_def(self, ckpt_path: Union[Path, str], frozen_graph_path: Union[Path, str],
                                ) -> Dict[str, str]:
        """Write a frozen translator (docs/design.md, "Contracts"), checked against the live graph, with its card and
        its program. Returns {'model': its path}.

        ckpt_path: checkpoint .../model-STEP, as of a trainer's saved_models; also a run folder or an .npz.
        frozen_graph_path: file *.pb to write or to replace.
        Raises UserError if there is no generator at ckpt_path, or if the disk refuses.
        """
        out = Path(frozen_graph_path)
        if out.suffix != '.pb':
            raise UserError(f'frozen_graph_path {out}: name a file that ends in .pb')
        atomic.check_place(out.parent)
        from dctnet.exporters import parity, source  # late: they load TensorFlow
        from dctnet.exporters.model_folder import graph_files
        found = source.read(Path(ckpt_path))
        files = graph_files([out.name], found.background, found.where, found.origin,
                            parity.reference(found.background, found.where))
        atomic.write_together({out.parent / name: data for name, data in files.items()})
        return {'model': str(frozen_graph_path)}
