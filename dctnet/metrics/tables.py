"""An evaluation as text: a table of the methods beside the paper's, and a line of CSV an image."""
import csv
import io
from typing import Any, Dict, List, Sequence, Tuple

from dctnet import config_file, places

# Of result and photo: the key of the report and the heading. Those that were measured make two columns each.
_PAIRED = (('id', 'ID ↑', 'ID'), ('edges', 'Edges ↑', 'Edges'), ('lpips', 'LPIPS ↓', 'LPIPS'))


def markdown(report: Dict[str, Any]) -> str:
    """The evaluation (dctnet.evaluate) as a Markdown table, followed by what the numbers were computed on."""
    paired = [entry for entry in _PAIRED if entry[0] in report]
    lines = ['| Method | N | FID ↓ | KID × 1000 ↓ | Style gap closed ↑ |' + ''.join(
                 f' {heading} | {name}, other photo |' for _, heading, name in paired),
             '|---' * (5 + 2 * len(paired)) + '|']
    for method, folder in report['results'].items():
        fid, kid = [report[key]['results'][method] for key in ('fid', 'kid')]
        closed = round(100 - 100 * report['style']['results'][method]['style'])
        line = (f"| {method} | {folder['pictures']} | {fid['value']:.4g} | {1000 * kid['value']:.4g} ± "
                f"{1000 * kid['standard_error']:.2g} | {closed} % |")
        for key, _, _ in paired:
            found = report[key]['results'][method]
            line += f" {_number(found['value'])} | {_number(found['other_photo'])} |"
        lines.append(line)
    lines += ['| paper: {} | | {:.2f} | | | {:.2f} |'.format(*row) + ' |' * (2 * len(paired) - 1) for row in paper()]
    features, faces = report['fid']['computed_on'], report['id']['computed_on']
    lines += ['', f"FID and KID: {features['network']} features ({features['dimension']} numbers, {features['side']} "
                  f"px), results against {features['style_pictures']} style pictures. Style gap: of the distance from "
                  'photos to style pictures in drawing, colours and features, the share that results have '
                  f"closed. ID: {faces['network']}. \"Other photo\": each result against the photo of another, the "
                  'level without any agreement.',
              'The paper\'s rows: CelebA photos, its own styles' + (
                  '.' if features['network'] == 'inception' else ', Inception features: its FID does not compare '
                  'with FID of other features.')]
    lines += [f"Warning, {method}: {found['warning']}"
              for method, found in report['fid']['results'].items() if found['warning']]
    return '\n'.join(lines) + '\n'


def paper() -> List[Tuple[str, float, float]]:
    """Name, FID and ID of the rows of the paper's Table 1 and its ablation (docs/recipe.md, "Evaluation")."""
    rows = config_file.read_yaml(places.shipped('configs/reproduce/published.yaml'))['rows']
    return [(name, row['fid'], row['id']) for name, row in rows.items()]


def _number(value: Any) -> str:
    return '' if value is None else f'{value:.3f}'


def per_image(rows: Sequence[Dict[str, Any]]) -> str:
    """Rows of the same keys -> CSV with the keys as header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
