"""Every kind of file that the project reads: sound samples, how they are damaged, and how they are read."""
import functools
import random
from pathlib import Path
from typing import Any, Callable, List, NamedTuple

import numpy as np

from dctnet.errors import UserError
from tests.fuzz import mutations, samples


class Kind(NamedTuple):
    """name: for --kinds. file: the name under which it lies. samples: sound files. damage: (a sample, random numbers,
    all samples) -> a damaged one. read: as a command does, by the file's path."""
    name: str
    file: str
    samples: Callable[[], List[bytes]]
    damage: Callable[[bytes, random.Random, List[bytes]], bytes]
    read: Callable[[Path], Any]


def _picture(file: Path) -> None:
    from dctnet import images
    images.read_bgr(file)


def _translator(file: Path) -> None:
    from dctnet.inference.graph_translator import GraphTranslator
    translate = GraphTranslator(file, 'cpu', 1)
    try:
        for size in (64, 80), (48, 32):
            translate(np.full((*size, 3), 99, np.uint8))
    finally:
        translate.close()


def _content_network(file: Path) -> None:
    from dctnet import frozen
    from dctnet.compat import tf
    from dctnet.nets import pretrained
    graph_def = pretrained.read_file(file, 'the content network', ('vgg19',))
    with tf.Graph().as_default(), tf.Session() as session:
        pictures = tf.zeros([2, 64, 64, 3])
        embedded = frozen.EmbeddedGraph(graph_def, str(file))
        features, = embedded({frozen.CONTENT_INPUT: pictures}, [frozen.CONTENT_OUTPUT])
        session.run(tf.local_variables_initializer())


def _weights(file: Path) -> None:
    from dctnet.runs import checkpoint
    checkpoint.read_arrays(file)


def _index(file: Path) -> None:
    file.with_name(samples.CHECKPOINT + '.data-00000-of-00001').write_bytes(samples.data()[0])
    _weights(file.with_suffix(''))


def _data(file: Path) -> None:
    file.with_name(samples.CHECKPOINT + '.index').write_bytes(samples.index()[0])
    _weights(file.with_name(samples.CHECKPOINT))


def _stylegan2(file: Path) -> None:
    from data_tools.weights import stylegan2
    stylegan2.read(file)


def _vgg19(file: Path) -> None:
    from dctnet.nets import vgg19_file
    vgg19_file.read(file)


def _inception(file: Path) -> None:
    from data_tools.weights import imports
    imports.import_inception(file, file.with_name('out.pb'))


def _config(file: Path) -> None:
    from dctnet import config, config_file
    for made in (config.TtnConfig, config.CcnConfig):
        try:
            config_file.load(made, file)
        except UserError as error:
            refusal = error
        else:
            return
    raise refusal


def _manifest(file: Path) -> None:
    from data_tools.weights import manifest
    manifest.read_entries(file)


def _answers(file: Path) -> None:
    from dctnet.study import answers, scoring
    study, given = answers.read_answers([file])
    scoring.markdown(scoring.score(study, given))


def _landmarks(file: Path) -> None:
    from data_tools.faces import hand_landmarks
    hand_landmarks.read(file, ['a.png'])


def _card(file: Path) -> None:
    from dctnet.nets import content_network
    content_network._scale_of(file.with_suffix('.pb'))


def _published_configuration(file: Path) -> None:
    from dctnet.modelscope import configuration
    configuration.read(file, {})


def _run_folder(file: Path) -> None:
    from dctnet.report.__main__ import main
    for name, content in (('config.yaml', samples.configs()[0]), ('environment.json', samples.environments()[0])):
        if not file.with_name(name).exists():
            file.with_name(name).write_bytes(content)
    if main([str(file.parent)]):
        raise UserError('the report was refused')


def _subjects(file: Path) -> None:
    from data_tools.exemplars import plan
    plan.read_subjects(file)


def _kept(file: Path) -> None:
    from data_tools.samples import score_cache
    score_cache.ScoreCache(file).measure('x', {'a': 1, 'b': 2}, lambda: lambda names: [0.0] * len(names))


def _clip(file: Path) -> None:
    from dctnet.clips import opening
    clip = opening.open_clip(file, None, 25)
    for _ in clip.frames():
        pass


def _kind(name: str, file: str, make: samples.Make, damage: Any, read: Callable[[Path], Any]) -> Kind:
    return Kind(name, file, functools.lru_cache(maxsize=None)(make), damage, read)


ALL = [
    _kind('jpeg', 'x.jpg', samples.jpeg, mutations.of_bytes, _picture),
    _kind('png', 'x.png', samples.png, mutations.of_bytes, _picture),
    _kind('other pictures', 'x.webp', samples.other_pictures, mutations.of_bytes, _picture),
    _kind('translator', 'x.pb', samples.translators, mutations.of_graph, _translator),
    _kind('content network', 'x.pb', samples.content_networks, mutations.of_graph, _content_network),
    _kind('weights of a graph', 'x.pb', samples.translators, mutations.of_graph, _weights),
    _kind('npz', 'x.npz', samples.archives, mutations.of_zip, _weights),
    _kind('checkpoint index', 'model-5.index', samples.index, mutations.of_bytes, _index),
    _kind('checkpoint data', 'model-5.data-00000-of-00001', samples.data, mutations.of_bytes, _data),
    _kind('pkl', 'x.pkl', samples.nvidia, mutations.of_bytes, _stylegan2),
    _kind('npy', 'vgg19.npy', samples.vgg_npy, mutations.of_bytes, _vgg19),
    _kind('h5', 'x.h5', samples.vgg_h5, mutations.of_bytes, _vgg19),
    _kind('tar', 'x.tar.gz', samples.tars, mutations.of_bytes, _inception),
    _kind('config', 'x.yaml', samples.configs, mutations.of_yaml, _config),
    _kind('manifest', 'manifest.yaml', samples.manifests, mutations.of_yaml, _manifest),
    _kind('answers', 'x.json', samples.answers, mutations.of_json, _answers),
    _kind('landmarks', 'x.json', samples.landmarks, mutations.of_json, _landmarks),
    _kind('card', 'x.json', samples.cards, mutations.of_json, _card),
    _kind('configuration.json', 'configuration.json', samples.published_configurations, mutations.of_json,
          _published_configuration),
    _kind('metrics', 'metrics.jsonl', samples.metrics, mutations.of_json, _run_folder),
    _kind('environment', 'environment.json', samples.environments, mutations.of_json, _run_folder),
    _kind('pictures.json', 'pictures.json', samples.pictures_records, mutations.of_json, _run_folder),
    _kind('run config', 'config.yaml', samples.configs, mutations.of_yaml, _run_folder),
    _kind('subjects', 'x.txt', samples.texts, mutations.of_bytes, _subjects),
    _kind('kept results', 'scores.json', samples.kept_objects, mutations.of_json, _kept),
    _kind('clip', 'x.mp4', samples.clips, mutations.of_bytes, _clip),
    _kind('animation', 'x.gif', samples.animations, mutations.of_bytes, _clip),
]


def chosen(names: str) -> List[Kind]:
    """The kinds of these names, separated by commas; all if empty."""
    wanted = [name.strip() for name in names.split(',') if name.strip()]
    unknown = sorted(set(wanted) - {kind.name for kind in ALL})
    if unknown:
        raise SystemExit(f'no such kinds: {", ".join(unknown)}')
    return [kind for kind in ALL if kind.name in wanted or not wanted]
