"""All that one export writes: every format is made and checked before the first file is written."""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from dctnet.exporters import card, choice, parity, target
from dctnet.exporters.model_folder import graph_files, mask_file, modelscope_file
from dctnet.exporters.source import Source
from dctnet.exporters.translator import Weights
from dctnet.files import atomic
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME


def write(source: Source, out: Path, formats: Sequence[str], precisions: Sequence[str],
          size: Optional[Tuple[int, int]] = None) -> List[Tuple[str, Dict[str, Any]]]:
    """Write translators in some formats, each file with its card and its program.

    source: the translators.
    out: folder; created if missing. Files of the same names are replaced, whole or not at all.
    formats, precisions: of dctnet.exporters.choice; pb and saved_model are float32 in any case.
    size: height and width for TFLite; None for all sizes, if this TensorFlow can.
    Returns names and cards of the models. Raises UserError if the weights do not fit, if a precision changes the
    pictures too much, or if the folder or the disk refuses; nothing is written then.
    """
    graphs = choice.PB in formats or choice.MODELSCOPE in formats
    translators = source.translators()
    names = [name for stem in translators for name in choice.file_names(stem, formats, precisions)]
    if graphs:
        names += [name for pb in (HEAD_NAME, BACKGROUND_NAME) for name in (pb, str(Path(pb).with_suffix('.json')))]
    target.check(out, names, [card.weights_hash(weights) for weights in translators.values()])
    files: Dict[str, bytes] = {}
    for stem, weights in translators.items():
        of = parity.reference(weights, source.where)
        if graphs:
            pbs = [HEAD_NAME, BACKGROUND_NAME] if len(translators) == 1 else [f'{stem}.pb']
            files.update(graph_files(pbs, weights, source.where, source.origin, of))
        files.update(_converted(stem, weights, source, formats, precisions, size, of))
    if graphs:
        files.update(mask_file(source.mask))
    if choice.MODELSCOPE in formats:
        files.update(modelscope_file())
    atomic.write_together({out / name: data for name, data in files.items()})
    return [(name, _card_of(name, files)) for name in names if f'{name}.py' in files]


def _converted(stem: str, weights: Weights, source: Source, formats: Sequence[str], precisions: Sequence[str],
               size: Optional[Tuple[int, int]], of: parity.Reference) -> Dict[str, bytes]:
    """The files of the formats that are no .pb. Their modules load late: their packages are optional."""
    files: Dict[str, bytes] = {}
    if choice.ONNX in formats:
        from dctnet.exporters.onnx_file import onnx_files
        files.update(onnx_files(stem, weights, source.where, source.origin, precisions, of))
    if choice.TFLITE in formats:
        from dctnet.exporters.tflite_file import size_of_file, tflite_files
        fixed = size_of_file(size)
        fitting = parity.reference(weights, source.where, [fixed]) if fixed else of
        files.update(tflite_files(stem, weights, source.where, source.origin, precisions, fitting, fixed))
    if choice.SAVED_MODEL in formats:
        from dctnet.exporters.saved_model import saved_model_files
        files.update(saved_model_files(stem, weights, source.where, source.origin, of))
    return files


def _card_of(name: str, files: Dict[str, bytes]) -> Dict[str, Any]:
    in_place = str(Path(name).with_suffix('.json'))
    return json.loads(files[in_place if name.endswith('.pb') else f'{name}.json'].decode('utf-8'))
