"""What is on this machine of ModelScope's models and data sets. Nothing is downloaded."""
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

from dctnet.errors import UserError


def local_model(name: Union[Path, str]) -> Path:
    """The folder of a model: `name` as a path, or else as the name of a model that ModelScope has downloaded.

    Raises UserError if there is none.
    """
    if not isinstance(name, (str, Path)) or not str(name):
        raise UserError(f'model {name!r}: name a model folder')
    return _first([Path(name)] + _cached(str(name), 'models'), f'model {name}', 'the model folder')


def snapshot_download(model_id: str, cache_dir: Optional[str] = None) -> str:
    """The folder of a model that is on this machine already.

    model_id: its name, as 'damo/cv_unet_person-image-cartoon_compound-models'.
    cache_dir: folder that may hold it under its name.
    Raises UserError if it is not there: unlike ModelScope's function of this name, it downloads nothing.
    """
    places = [Path(cache_dir) / model_id] if cache_dir else []
    return str(_first(places + [Path(model_id)] + _cached(model_id, 'models'), f'model {model_id}', 'the model folder'))


class MsDataset:
    """A data set that is a folder on this machine: NAMESPACE/NAME, or NAME.

    config_kwargs: {'split_config': {split: the folder}}.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self.config_kwargs: Dict[str, Any] = {'split_config': {split: str(folder)}}

    @classmethod
    def load(cls, dataset_name: str, namespace: str = '', split: str = 'train') -> 'MsDataset':
        """The data set of that name. Raises UserError if it is not there: nothing is downloaded."""
        places = [Path(namespace) / dataset_name, Path(dataset_name)]
        places += _cached(f'{namespace}/{dataset_name}', 'datasets')
        return cls(_first(places, f'data set {dataset_name}', 'its folder'), split)


def _cached(name: str, kind: str) -> List[Path]:
    """Where versions of ModelScope keep a thing of that name. kind: models or datasets."""
    root = Path(os.environ.get('MODELSCOPE_CACHE') or Path.home() / '.cache' / 'modelscope')
    return [root / inside / name for inside in ('hub', f'hub/{kind}', kind, '.')]


def _first(places: List[Path], what: str, wanted: str) -> Path:
    for place in places:
        if place.is_dir():
            return place
    if places[0].exists():
        raise UserError(f'{what} is a file: name the folder around it')
    raise UserError(f'{what} is not on this machine, and nothing is downloaded: put {wanted} at {places[0]} '
                    f"(looked in {', '.join(str(place) for place in places)})")
