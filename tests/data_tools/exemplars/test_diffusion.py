"""Drawing with a stand-in for the pipeline; finding models; what is said if a library or a model is missing."""
import sys
import types

import numpy as np
import pytest

from data_tools.exemplars import diffusion
from data_tools.exemplars.diffusion import Drawing, Painter
from dctnet.errors import UserError

TEXT = Drawing(64, 20, 7.0, '', None)


class Pipeline:
    """Answers as a pipeline of diffusers does: one colour a picture, or what `answer` says."""

    def __init__(self, answer=None, flags=None):
        self.answer, self.flags = answer, flags

    def __call__(self, **arguments):
        self.arguments = arguments
        if isinstance(self.answer, Exception):
            raise self.answer
        drawn = np.zeros((len(arguments['prompt']), 64, 64, 3), np.float32)
        drawn[..., 0] = 0.6 if self.answer is None else self.answer  # red
        return types.SimpleNamespace(images=drawn, nsfw_content_detected=self.flags)


def test_text_to_image_asks_for_prompts_seeds_and_size():
    pipeline = Pipeline()
    first, second = Painter(pipeline, TEXT, lambda seed: ('generator', seed))(['a', 'b'], [3, 4])
    assert first.shape == (64, 64, 3) and first.dtype == np.uint8 and first[0, 0].tolist() == [0, 0, 153]  # BGR
    assert first.flags['C_CONTIGUOUS']
    assert pipeline.arguments == {
        'prompt': ['a', 'b'], 'generator': [('generator', 3), ('generator', 4)], 'num_inference_steps': 20,
        'guidance_scale': 7.0, 'output_type': 'np', 'width': 64, 'height': 64}


def test_image_to_image_takes_the_centre_square_as_rgb():
    pipeline = Pipeline()
    photo = np.zeros((128, 256, 3), np.uint8)
    photo[:, 64:192] = (255, 10, 20)
    Painter(pipeline, TEXT._replace(strength=0.5, negative_prompt='text'), int)(['a', 'a'], [3, 4], [photo] * 2)
    first, _ = pipeline.arguments['image']
    assert first.size == (64, 64) and first.getcolors() == [(64 * 64, (20, 10, 255))]
    assert pipeline.arguments['strength'] == 0.5 and pipeline.arguments['negative_prompt'] == ['text'] * 2
    assert 'width' not in pipeline.arguments


def test_flagged_pictures_are_not_given():
    pictures = Painter(Pipeline(flags=[True, False]), TEXT, int)(['a', 'b'], [0, 1])
    assert pictures[0] is None and pictures[1] is not None
    checked = Pipeline()
    assert not Painter(checked, TEXT, int).has_safety_checker
    checked.safety_checker = object()
    assert Painter(checked, TEXT, int).has_safety_checker


@pytest.mark.parametrize('answer, part', [(float('nan'), 'leave out --half'),
                                          (RuntimeError('CUDA out of memory. Tried'), 'lower --batch or --size')])
def test_what_the_user_can_put_right_is_an_error_in_words(answer, part):
    with pytest.raises(UserError, match=part):
        Painter(Pipeline(answer), TEXT, int)(['a'], [0])


def test_bugs_keep_their_traceback():
    with pytest.raises(RuntimeError, match='shapes'):
        Painter(Pipeline(RuntimeError('shapes differ')), TEXT, int)(['a'], [0])


@pytest.mark.parametrize('missing', diffusion.LIBRARIES)
def test_a_missing_library_says_what_to_install(monkeypatch, missing):
    for name in diffusion.LIBRARIES:
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(__version__='1'))
    assert diffusion.versions() == dict.fromkeys(diffusion.LIBRARIES, '1')
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError, match=f'package {missing} is not installed in .*requirements/exemplars.txt'):
        diffusion.versions()


@pytest.mark.parametrize('has_gpu', [False, True])
def test_auto_takes_a_gpu_and_a_missing_one_is_told(monkeypatch, has_gpu):
    cuda = types.SimpleNamespace(is_available=lambda: has_gpu)
    monkeypatch.setitem(sys.modules, 'torch', types.SimpleNamespace(__version__='1', cuda=cuda))
    assert diffusion.device_of('cpu', False) == 'cpu'
    assert diffusion.device_of('auto', False) == ('cuda' if has_gpu else 'cpu')
    with pytest.raises(UserError, match='--half needs a GPU'):
        diffusion.device_of('cpu', True)
    if has_gpu:
        assert diffusion.device_of('gpu', True) == 'cuda'
    else:
        with pytest.raises(UserError, match='sees no GPU: use --device cpu'):
            diffusion.device_of('gpu', False)


def test_a_model_in_a_folder_is_known_by_its_content(tmp_path):
    folder = tmp_path / 'flat'
    folder.mkdir()
    with pytest.raises(UserError, match='no model of diffusers .no model_index.json'):
        diffusion.find_model(str(folder), False)
    (folder / 'model_index.json').write_text('{}')
    (folder / 'weights').write_bytes(b'0' * 200000 + b'1' * 200000)
    found = diffusion.find_model(str(folder), False)
    assert found.folder == folder and found.identity.startswith('flat (')
    (folder / '.cache').write_text('not of the model')
    copy = tmp_path / 'elsewhere' / 'flat'
    copy.parent.mkdir()
    folder.rename(copy)
    assert diffusion.find_model(str(copy), False).identity == found.identity
    (copy / 'weights').write_bytes(b'0' * 200001 + b'1' * 199999)  # as large
    assert diffusion.find_model(str(copy), False).identity != found.identity


@pytest.mark.parametrize('name', ['nowhere', './a/b', '/a/b', 'a/b/c'])
def test_a_folder_that_is_not_there_is_refused(name):
    with pytest.raises(UserError, match='there is no such folder'):
        diffusion.find_model(name, False)


@pytest.mark.parametrize('offline, variable', [(False, ''), (True, ''), (False, '1')])
def test_a_model_of_the_hub_is_downloaded_unless_offline(monkeypatch, tmp_path, caplog, offline, variable):
    asked = []

    def hub(name, local_files_only):
        asked.append((name, local_files_only, caplog.text))
        return str(tmp_path / 'abc')

    monkeypatch.setitem(sys.modules, 'diffusers', types.SimpleNamespace(
        DiffusionPipeline=types.SimpleNamespace(download=hub)))
    monkeypatch.setenv('HF_HUB_OFFLINE', variable)
    caplog.set_level('INFO')
    assert diffusion.find_model('owner/model', offline) == (tmp_path / 'abc', 'owner/model@abc')
    (name, local, said), = asked  # said before it was asked
    assert name == 'owner/model' and local == (offline or bool(variable))
    assert ('DOWNLOADED' in said) == (not local)


def test_a_model_that_the_hub_does_not_give_is_an_error_in_words(monkeypatch):
    def hub(*arguments, **options):
        raise OSError('no such\nrepository')
    monkeypatch.setitem(sys.modules, 'diffusers', types.SimpleNamespace(
        DiffusionPipeline=types.SimpleNamespace(download=hub)))
    with pytest.raises(UserError, match='owner/model .no such repository.: it is not in the cache'):
        diffusion.find_model('owner/model', True)
    monkeypatch.delenv('HF_HUB_OFFLINE', raising=False)
    with pytest.raises(UserError, match='check the name, the connection and the access'):
        diffusion.find_model('owner/model', False)
