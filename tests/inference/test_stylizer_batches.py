"""The way to run on a GPU, on the CPU: heads, frames and pictures of one size together, as one by one to one level."""
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dctnet.exporters.model_folder import write_model_folder
from dctnet.face import alignment
from dctnet.frozen import FrozenGraph
from dctnet.inference import fusion, graph_translator
from dctnet.inference import stylizer as stylizer_module
from dctnet.inference.stylizer import Stylizer
from tests.frozen_graphs.__main__ import weights as drawn_weights
from tests.inference.tiny_graphs import write_model


@pytest.fixture(scope='module', autouse=True)
def quick_start(one_detector):
    """Every stylizer here shares the loaded landmarks model."""


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """A model folder with tensors for batches."""
    folder = tmp_path_factory.mktemp('exported')
    write_model_folder(drawn_weights(), 'drawn', folder, {})
    return folder


@pytest.fixture()
def batches(monkeypatch):
    """Stylizers of device auto run as on a GPU; the shapes of the batches that they compute."""
    monkeypatch.setattr(graph_translator, 'gpu_available', lambda: True)
    shapes, run = [], FrozenGraph.__call__

    def recorded(graph, images):
        if images.ndim == 4:
            shapes.append(images.shape)
        return run(graph, images)

    monkeypatch.setattr(FrozenGraph, '__call__', recorded)
    return shapes


def assert_equal_to_a_level(one, other):
    assert one.shape == other.shape and np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.long
def test_heads_of_a_picture_are_one_batch_within_the_limit(tmp_path, exported, four_faces, batches, monkeypatch):
    folder = write_model(tmp_path)
    (folder / 'cartoon_h.pb').write_bytes((exported / 'cartoon_h.pb').read_bytes())
    one_by_one = Stylizer(folder, device='cpu')(four_faces)
    with Stylizer(folder) as stylizer:
        together = stylizer(four_faces)
        assert batches == [(4, 288, 288, 3)]
        assert_equal_to_a_level(together, one_by_one)
        monkeypatch.setattr(graph_translator, 'MAX_BATCH_PIXELS', 3 * 288 * 288)
        stylizer(four_faces)
    assert batches[1:] == [(2, 288, 288, 3), (2, 288, 288, 3)]


@pytest.mark.long
def test_frames_are_one_batch(exported, astronaut, batches):
    frames = [astronaut[:96, :128], astronaut[96:192, :128], astronaut[200:296, 100:228]]
    heads = [[fusion.Head(alignment.reference_points() / 5)], [], [fusion.Head(alignment.reference_points() / 4)] * 2]
    one_by_one = Stylizer(exported, device='cpu').stylize_frames(frames, heads)
    with Stylizer(exported) as stylizer:
        assert stylizer.frames_at_once((720, 960)) == 4 and stylizer.frames_at_once((2000, 4000)) == 2
        assert stylizer.frames_at_once((96, 128)) == 256
        for one, other in zip(one_by_one, stylizer.stylize_frames(frames, heads)):
            assert_equal_to_a_level(one, other)
    assert sorted(batches) == [(1, 96, 128, 3), (1, 288, 288, 3), (2, 96, 128, 3), (2, 288, 288, 3)]


@pytest.mark.long
def test_pictures_of_a_list_share_batches_and_keep_their_order(exported, astronaut, four_faces, batches, monkeypatch):
    head = astronaut[:250, 100:350]
    pictures = [head, astronaut[300:428, :100], head[:, ::-1].copy(), four_faces[:250, :250], head[1:].copy()]
    one_by_one = Stylizer(exported, device='cpu')(pictures)
    with Stylizer(exported) as stylizer:
        stylizer.at_once = len(pictures)
        together = stylizer(pictures)
        for one, other in zip(one_by_one, together):
            assert_equal_to_a_level(one, other)
        sizes = sorted(shape[1:3] for shape in batches for _ in range(shape[0]))
        assert sizes == [(128, 112)] + 4 * [(256, 256)] + 4 * [(288, 288)]
        assert len(batches) < len(sizes)


@pytest.mark.long
def test_graphs_without_tensors_for_batches_run_one_by_one(tmp_path, astronaut, batches):
    folder = write_model(tmp_path)
    expected = Stylizer(folder, device='cpu')(astronaut)
    with Stylizer(folder) as stylizer:
        assert stylizer.frames_at_once((96, 128)) == 1
        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(stylizer, [astronaut, astronaut]):
                np.testing.assert_array_equal(found, expected)
    assert not batches


def test_pictures_at_a_time_are_one_a_core_up_to_what_the_device_allows(model, monkeypatch):
    for cores, on_cpu, on_gpu in ((2, 2, 2), (64, 4, 16)):
        monkeypatch.setattr(stylizer_module, 'core_count', lambda: cores)
        monkeypatch.setattr(graph_translator, 'gpu_available', lambda: True)
        assert (Stylizer(model, device='cpu').at_once, Stylizer(model).at_once) == (on_cpu, on_gpu)
