"""python -m dctnet.evaluate --photos A --results B [B2 ...] --styles C --out FILE.json: how good translations are.

FID and KID of the results against pictures of the style, and the share of the style gap that is left (style); ID and
edge agreement of each result with the photo of the same name (content), and LPIPS if its weights are given. Any number
of result folders, of other methods too, in one run; give the photos as a result to see where they stand. All pictures
are aligned faces. Beside FILE.json: FILE.csv (a line a picture) and FILE.md (a table with the paper's numbers). Exit
codes: 0 done, 2 a mistake to put right.
"""
from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

import cv2
import numpy as np

import dctnet
from dctnet import images, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.files import atomic
from dctnet.files.hashing import sha256_of_file
from dctnet.metrics import edges, features
from dctnet.metrics.feature_distances import FolderEmbedding, feature_distances
from dctnet.metrics.pairs import SIDE, Pair, edge_scores, identity_scores, lpips_scores, summary
from dctnet.metrics.style_gap import MEASURE, StyleGap
from dctnet.metrics.style_vectors import folder_vectors
from dctnet.metrics.tables import markdown, per_image

if TYPE_CHECKING:  # the real import waits until the folders have been checked: it loads TensorFlow
    from dctnet.nets.pretrained import EmbeddingNetwork

log = logging.getLogger('evaluate')


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.evaluate', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', type=Path, required=True, metavar='FOLDER', help='photographs that were translated')
    parser.add_argument('--results', type=Path, required=True, nargs='+', metavar='FOLDER',
                        help='translations of them, one folder a method')
    parser.add_argument('--styles', type=Path, required=True, metavar='FOLDER', help='real pictures of the style')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.json')
    parser.add_argument('--features', default='inception', metavar='inception|dlib|FILE.pb',
                        help='of FID and KID: checkpoints/inception.pb (default), dlib\'s face descriptor, or a graph '
                             'image:0 -> features:0')
    parser.add_argument('--identity', default='auto', metavar='auto|arcface|dlib|FILE.pb',
                        help='of ID; auto (default): checkpoints/arcface.pb if it is there, else dlib')
    parser.add_argument('--lpips', type=Path, metavar='FILE.pb',
                        help='also measure how different result and photo look: checkpoints/lpips.pb of '
                             'data_tools.import_weights lpips')
    parser.add_argument('--standard-errors', action='store_true',
                        help='also tell how uncertain FID is, by leaving out a tenth of the results at a time: eleven '
                             'times its computation (the other figures always have standard errors)')
    parser.add_argument('--cache', type=Path, metavar='FOLDER',
                        help='where features are kept for the next time (default: features_cache beside FILE.json)')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto', help='default: auto')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    _check_out(options.out, options.cache)
    photos, styles = _pictures(options.photos), _pictures(options.styles)
    results = {name: _pictures(folder) for name, folder in method_names(options.results).items()}
    for folder, paths in [(options.styles, styles)] + [(paths[0].parent, paths) for paths in results.values()]:
        if len(paths) < 2:
            raise UserError(f'{folder} holds one picture: FID and KID need at least 2 on each side (and say little of '
                            'less than some hundreds)')
    pairs = {name: matched(photos, paths, options.photos) for name, paths in results.items()}

    process.prepare()
    from dctnet.nets.pretrained import feature_network, identity_network
    start = time.time()
    networks = Networks(feature_network(options.features), identity_network(options.identity), options.lpips,
                        options.device, options.standard_errors)
    report, rows = evaluate(photos, results, styles, pairs, networks,
                            options.cache or options.out.parent / 'features_cache')
    report['seconds'] = round(time.time() - start, 1)
    table = markdown(report)
    atomic.write_together({
        options.out: (json.dumps(report, indent=2) + '\n').encode('utf-8'),
        # File names may hold bytes that are not valid UTF-8.
        options.out.with_suffix('.csv'): per_image(rows).encode('utf-8', 'replace'),
        options.out.with_suffix('.md'): table.encode('utf-8', 'replace')})
    print(table.encode('utf-8', 'replace').decode('utf-8'))
    print(f"written to {options.out}, in {report['seconds']:.0f} s")
    return DONE


def _check_out(out: Path, cache: Optional[Path]) -> None:
    if out.suffix != '.json':
        raise UserError(f'--out {out}: name a file that ends in .json')
    for suffix in ('.json', '.csv', '.md'):
        if out.with_suffix(suffix).is_dir():
            raise UserError(f'a folder stands at {out.with_suffix(suffix)}, where the file would go: choose another '
                            'name')
    for folder in filter(None, (out.parent, cache)):
        with atomic.storage_errors(folder):
            atomic.check_place(folder)


def _pictures(folder: Path) -> List[Path]:
    """As images.list_images. Also raises UserError if there are broken links: fewer images would be measured."""
    gone = images.broken_links(folder) if folder.is_dir() else []
    if gone:
        raise UserError(f'{len(gone)} pictures of {folder} are links to files that are not there '
                        f"({', '.join(gone[:3])}): bring the files back, or remove the links")
    return images.list_images(folder)


def method_names(folders: Sequence[Path]) -> Dict[str, Path]:
    """Name -> folder: the folder's own name, or the path as given if two share one. Raises UserError if a folder
    is named twice."""
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UserError('--results names a folder twice: name each once')
    own = [folder.resolve().name for folder in folders]
    return {name if own.count(name) == 1 else str(folder): folder for name, folder in zip(own, folders)}


def matched(photos: Sequence[Path], results: Sequence[Path], photo_folder: Path) -> List[Pair]:
    """(result, photo) for each result that has a photo of its name; the rest by the name without the suffix. Raises
    UserError if there is none, or if such a shorter name is not unique."""
    by_name = {path.name: path for path in photos}
    pairs = [(path, by_name[path.name]) for path in results if path.name in by_name]
    taken = {path for pair in pairs for path in pair}
    sides = [images.by_stem([path for path in paths if path not in taken]) for paths in (photos, results)]
    pairs += [(sides[1][stem], sides[0][stem]) for stem in set(sides[0]) & set(sides[1])]
    folder = results[0].parent
    if not pairs:
        raise UserError(f'no picture of {folder} has the name of a photo of {photo_folder} (as {results[0].name} and '
                        f'{photos[0].name}): results are matched with photos by name, with the suffix or without')
    if len(pairs) < len(results):
        log.warning('%s: %d of %d pictures have no photo of that name: they count for FID and KID only', folder,
                    len(results) - len(pairs), len(results))
    return sorted(pairs)


class Networks(NamedTuple):
    """What is measured with: features for FID and KID, identity for ID, the file of LPIPS or None; and on which device
    ('auto', 'cpu' or 'gpu'). errors: also the standard error of FID."""
    features: EmbeddingNetwork
    identity: EmbeddingNetwork
    lpips: Optional[Path]
    device: str
    errors: bool = False


def evaluate(photos: Sequence[Path], results: Dict[str, List[Path]], styles: Sequence[Path],
             pairs: Dict[str, List[Pair]], networks: Networks, cache: Path,
             ) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    """The report, and the rows of its CSV (docs/evaluation.md).

    photos, styles: image files.
    results: method -> its image files.
    pairs: method -> (result, photo) files, of `matched`.
    networks: the networks that measure.
    cache: folder that keeps features for the next time.
    Raises UserError if an image cannot be used.
    """
    from dctnet.compat import TENSORFLOW_VERSION
    from dctnet.nets.pretrained import embedding_session, perceptual_distance
    versions = {'dctnet': dctnet.__version__, 'python': platform.python_version(), 'tensorflow': TENSORFLOW_VERSION,
                'numpy': np.__version__, 'opencv': cv2.__version__}
    hashes = {name: features.file_hashes(paths) for name, paths in results.items()}
    photo_hashes, style_hashes = features.file_hashes(photos), features.file_hashes(styles)
    report: Dict[str, Any] = {
        'versions': versions,
        'photos': _folder_entry(photos, photo_hashes),
        'styles': _folder_entry(styles, style_hashes),
        'results': {name: dict(_folder_entry(results[name], hashes[name]), matched=len(pairs[name]))
                    for name in results}}
    embedding = FolderEmbedding(networks.features, networks.device, cache)
    report.update(feature_distances(embedding, style_hashes, hashes, networks.errors))
    report['style'] = _style(photo_hashes, style_hashes, hashes, embedding, networks.device)
    embedding.close()
    identity = networks.identity
    measured_on: Dict[str, Dict[str, Any]] = {
        'id': {'network': identity.kind, 'network_sha256': sha256_of_file(identity.file), 'side': identity.side,
               'resize': features.RESIZE, 'measure': 'cosine of the embeddings of both'},
        'edges': {'side': edges.SIDE, 'measure': edges.MEASURE}}
    embed = embedding_session(identity, networks.device)
    scores = {'id': identity_scores(embed, identity.side, pairs), 'edges': edge_scores(pairs)}
    embed.close()
    if networks.lpips:
        scores['lpips'] = lpips_scores(perceptual_distance(networks.lpips, networks.device), pairs)
        measured_on['lpips'] = {'network': networks.lpips.name, 'network_sha256': sha256_of_file(networks.lpips),
                                'side': SIDE, 'resize': features.RESIZE, 'measure': 'LPIPS of both'}
    for key, found in scores.items():
        report[key] = {'computed_on': measured_on[key],
                       'results': {name: summary(*values) for name, values in found.items()}}
    rows = [dict({'method': name, 'picture': result.name, 'photo': photo.name},
                 **{key: round(float(found[name][0][i]), 5) for key, found in scores.items()})
            for name in results for i, (result, photo) in enumerate(pairs[name])]
    return report, rows


def _style(photos: Dict[Path, str], styles: Dict[Path, str], results: Dict[str, Dict[Path, str]],
           embedding: FolderEmbedding, device: str) -> Dict[str, Any]:
    """The entry style of the report, of files and their hashes."""
    from dctnet.nets import texture_network
    network = texture_network.session(device)

    def vectors(hashes: Dict[Path, str]) -> Dict[str, np.ndarray]:
        return dict(folder_vectors(list(hashes), network), features=embedding.of(hashes).kept.astype(np.float64))
    gap, found = StyleGap(vectors(photos), vectors(styles)), {}
    for name, hashes in results.items():
        log.info('%s: style of %d pictures', name, len(hashes))
        found[name] = dict(gap.left(vectors(hashes)), pictures=len(hashes))
    network.close()
    return {'computed_on': dict(embedding.description, style_side=SIDE, measure=MEASURE, gaps=gap.gaps,
                                photos=len(photos), style_pictures=len(styles)), 'results': found}


def _folder_entry(paths: Sequence[Path], hashes: Dict[Path, str]) -> Dict[str, Any]:
    return {'folder': str(paths[0].parent), 'pictures': len(paths), 'sha256': features.folder_hash(hashes)}


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
