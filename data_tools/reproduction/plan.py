"""The experiments: rows of a table, each a method with its options, read from YAML (configs/reproduce/paper.yaml)."""
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

from dctnet import config_file, places
from dctnet.errors import UserError

from ..recipe.stages import CcnOptions, Recipe, TtnOptions

TRANSLATOR, TOONIFY = 'translator', 'toonify'
_TRAININGS = ('source', 'ccn', 'ttn')
_KEYS_OF_RECIPES = {f'{section}.{each.name}' for section, options in (('ccn', CcnOptions), ('ttn', TtnOptions))
                    for each in fields(options)}


@dataclass(frozen=True)
class RowOptions:
    """A row as the plan writes it.

    title: for the table.
    recipe: YAML file of the recipe.
    method: what translates: the TTN, or a blended generator after a projection.
    calibrated: False trains the TTN on the exemplars alone.
    against: the row of the full method that an ablation is compared with; empty for none.
    """
    title: str = ''
    recipe: str = 'configs/recipe/paper.yaml'
    method: str = field(default=TRANSLATOR, metadata={'choices': (TRANSLATOR, TOONIFY)})
    calibrated: bool = True
    against: str = ''


@dataclass(frozen=True)
class Projection:
    """data_tools.project. projection_steps: of each photograph."""
    projection_steps: int = 1000


class Row(NamedTuple):
    """A method, its recipe, and for each training ('source', 'ccn', 'ttn') the KEY=VALUE that it changes."""
    name: str
    options: RowOptions
    recipe: Recipe
    changes: Dict[str, List[str]]
    projection: Projection


def read_plan(path: Path, overrides: Sequence[str] = ()) -> List[Row]:
    """The rows of a plan, in its order.

    path: YAML.
    overrides: KEY=VALUE for all rows; they come after the plan's own.
    Raises UserError for mistakes in it, and if the rows do not share sizes and alignment.
    """
    values = config_file.read_yaml(path)
    unknown = set(values) - {'projection_steps', 'set', 'rows'}
    if unknown or not isinstance(values.get('rows'), dict) or not values['rows']:
        raise UserError(f'{path} must hold `rows` with a section for each, and may hold `set` and `projection_steps`; '
                        f"there {'is ' + sorted(unknown)[0] if unknown else 'are no rows'}")
    common = {key: value for key, value in values.items() if key == 'projection_steps'}
    rows = [_row(path, str(name), options or {}, common, _pairs(values, path), overrides)
            for name, options in values['rows'].items()]
    names = {row.name for row in rows}
    for row in rows:
        if row.options.against and row.options.against not in names:
            raise UserError(f'{path}: rows.{row.name}.against names {row.options.against}, which is no row')
        if (row.recipe.size, row.recipe.align) != (rows[0].recipe.size, rows[0].recipe.align):
            raise UserError(f'{path}: {row.name} and {rows[0].name} differ in size or alignment, which all rows share')
    return rows


def chosen(rows: Sequence[Row], names: Sequence[str]) -> List[Row]:
    """The rows of these names; all, if there are none. Raises UserError for an unknown name."""
    known = [row.name for row in rows]
    for name in names:
        if name not in known:
            raise UserError(f"--only {name}: there is no such row; there are {', '.join(known)}")
    return [row for row in rows if row.name in names or not names]


def _row(path: Path, name: str, values: Dict[str, Any], common: Dict[str, Any], shared: Sequence[str],
         overrides: Sequence[str]) -> Row:
    where = f'{path}: rows.{name}'
    if not isinstance(values, dict):
        raise UserError(f'{where} must be a section, not {values!r}')
    pairs = [*shared, *_pairs(values, path), *overrides]
    options = config_file.from_dict(RowOptions, {key: value for key, value in values.items() if key != 'set'}, where)
    changes: Dict[str, List[str]] = {training: [] for training in _TRAININGS}
    of_recipe: List[str] = []
    for pair in pairs:
        key, _, value = pair.partition('=')
        training, _, rest = key.strip().partition('.')
        if key.strip() == 'projection_steps':
            common = dict(common, projection_steps=value)
        elif training in _TRAININGS and key.strip() not in _KEYS_OF_RECIPES:
            changes[training].append(f'{rest}={value}')
        else:
            of_recipe.append(pair)
    recipe = config_file.load(Recipe, places.config_path(options.recipe), of_recipe)
    return Row(name, options, recipe, changes, config_file.from_dict(Projection, common, str(path)))


def _pairs(values: Dict[str, Any], path: Path) -> List[str]:
    pairs = values.get('set') or []
    if not isinstance(pairs, list) or not all(isinstance(pair, str) and '=' in pair for pair in pairs):
        raise UserError(f'{path}: `set` must be a list of KEY=VALUE, not {pairs!r}')
    return pairs
