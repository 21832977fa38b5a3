"""Configs: presets, coercion of what YAML misreads, and a clear error for every mistake."""
import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from data_tools.recipe.stages import Recipe
from dctnet import config_file
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError
from dctnet.files.changes import differences

CONFIGS = Path(__file__).parents[1] / 'configs'
# Kubernetes' own are in cluster/, a plan and rates, which have tests of their own, in reproduce/.
PRESETS = sorted(path for path in CONFIGS.glob('**/*.yaml') if path.parent.name not in ('cluster', 'reproduce'))


def write(folder, text, name='config.yaml'):
    path = folder / name
    path.write_text(text)
    return path


def load(folder, text='{}', *overrides):
    return config_file.load(TtnConfig, write(folder, text), overrides)


def message(folder, text='{}', *overrides):
    with pytest.raises(UserError) as caught:
        load(folder, text, *overrides)
    return str(caught.value)


@pytest.mark.parametrize('path', PRESETS, ids=lambda path: path.parent.name + '/' + path.stem)
def test_presets_load_and_round_trip(path, tmp_path):
    config_class = TtnConfig
    if path.parent.name == 'recipe':
        config_class = Recipe
    elif path.parent.name == 'ccn' or path.stem in ('ccn', 'source'):
        config_class = CcnConfig
    config = config_file.load(config_class, path)
    text = config_file.to_yaml(config_file.to_dict(config))
    assert config_file.from_dict(config_class, yaml.safe_load(text), 'x') == config
    assert differences(yaml.safe_load(text), config_file.to_dict(config)) == []


def test_presets_hold_the_numbers_of_the_recipe():
    official = config_file.load(TtnConfig, CONFIGS / 'ttn' / 'official.yaml')
    paper = config_file.load(TtnConfig, CONFIGS / 'ttn' / 'paper.yaml')
    ccn = config_file.load(CcnConfig, CONFIGS / 'ccn' / 'official.yaml')
    assert (ccn.loss.identity, ccn.loss.r1, ccn.loss.r1_every) == (0.1, 10, 16)
    assert (ccn.loss.path, ccn.loss.path_every) == (2, 4)
    assert (ccn.optim.lr, ccn.optim.beta1, ccn.optim.beta2, ccn.loss.mixing) == (2e-3, 0, 0.99, 0.9)
    assert ccn.optim.ema_decay == 0.5 ** (32 / 10000) and (ccn.data.batch_size, ccn.train.steps) == (8, 1500)
    assert (ccn.augment.mode, ccn.augment.target, ccn.augment.length) == ('off', 0.6, 500000)
    loss = official.loss
    assert (loss.style, loss.content, loss.tv, loss.texture, loss.surface) == (0.1, 200, 1e4, 1, 1)
    assert (loss.adversarial, loss.superpixel, official.train.schedule) == ('lsgan', 'output', 'sequential')
    assert (official.optim.lr, official.optim.beta1, official.optim.beta2) == (2e-4, 0.5, 0.99)
    assert (official.train.steps, official.data.size, official.data.batch_size) == (300000, 256, 16)
    assert (paper.loss.adversarial, paper.loss.superpixel) == ('log', 'off')


def test_what_yaml_misreads_is_put_right(tmp_path):
    config = load(tmp_path, 'optim: {lr: 1e-4}\nloss: {superpixel: off, tv: 1e4, style: 1}\ntrain: {steps: 1e3}\n'
                            'data: {batch_size: 4.0, size: "64"}')
    assert config.optim.lr == 1e-4 and config.loss.superpixel == 'off'
    assert config.train.steps == 1000 and type(config.train.steps) is int
    assert config.data.batch_size == 4 and type(config.data.batch_size) is int and config.data.size == 64
    assert type(config.loss.style) is float
    assert load(tmp_path, '{}', 'optim.lr=1e-5', 'loss.superpixel=off').optim.lr == 1e-5


@dataclass(frozen=True)
class _Switch:
    mode: str = field(default='on', metadata={'choices': ('on', 'off')})


def test_on_and_off_stay_words():
    assert config_file.from_dict(_Switch, {'mode': True}, 'x').mode == 'on'
    assert config_file.from_dict(_Switch, {'mode': False}, 'x').mode == 'off'


@pytest.mark.parametrize('override, parts', [
    ('loss.contnet=3', ['unknown key loss.contnet', 'did you mean loss.content']),
    ('los.content=3', ['unknown key los', 'did you mean loss']),
    ('loss.qqqqqq=3', ['unknown key loss.qqqqqq', 'known here', 'superpixel']),
    ('optim.lr=fast', ['optim.lr', 'a number', "'fast'"]),
    ('optim.lr=nan', ['optim.lr', 'a number']),
    ('optim.lr=.inf', ['optim.lr', 'a number']),
    ('optim.lr=true', ['optim.lr', 'a number']),
    ('optim.lr=-1', ['optim.lr', 'at least 0', '-1']),
    ('optim.beta1=1', ['optim.beta1', 'between 0.0 and']),
    ('train.steps=2.5', ['train.steps', 'a whole number', '2.5']),
    ('train.steps=inf', ['train.steps', 'a whole number']),
    ('train.steps=', ['train.steps', 'a whole number', 'None']),
    ('train.steps=true', ['train.steps', 'a whole number']),
    ('train.steps=1e30', ['train.steps', 'between']),
    ('optim.lr=1' + 400 * '0', ['optim.lr', 'a number']),
    ('train.seed=-1', ['train.seed', 'between 0 and']),
    ('data.size=40', ['data.size must be a multiple of 16']),
    ('data.size=8', ['data.size', 'between 16 and 1024']),
    ('data.flip=3', ['data.flip', 'true or false']),
    ('data.batch_size=0', ['data.batch_size', 'at least 1']),
    ('loss.adversarial=wgan', ['loss.adversarial', 'lsgan, log', "'wgan'"]),
    ('train.schedule=true', ['train.schedule', 'joint, sequential', 'True']),
    ('start.ramp=1.5', ['start.ramp', 'auto or a whole number from 0 on', '1.5']),
    ('start.ramp=-1', ['start.ramp', 'auto or a whole number from 0 on', '-1']),
    ('start.discriminator=true', ['start.discriminator', 'auto or a whole number']),
    ('start.discriminator=some', ['start.discriminator', 'auto or a whole number']),
    ('start.pixel=auto', ['start.pixel', 'a whole number']),
    ('loss=5', ['loss must be a section', '5']),
    ('train.steps.more=5', ['train.steps', 'a whole number']),
    ('data={photo: {a: 1}}', ['data.photo', 'text']),
    ('data={photo: [a, b]}', ['data.photo', 'text']),
    ('train.steps', ['write it as --set section.key=value']),
    ('=5', ['write it as --set section.key=value']),
    ('train..steps=5', ['unknown key train.']),
    ('train.steps=[1', ['train.steps', "a whole number, not '[1'"]),
    ('extends=other.yaml', ['unknown key extends']),
], ids=lambda value: value[:30] if isinstance(value, str) else '')
def test_mistakes_on_the_command_line(tmp_path, override, parts):
    text = message(tmp_path, '{}', override)
    assert all(part in text for part in parts), text
    assert '\n' not in text


def test_a_choice_takes_yaml_s_words_for_on_and_off(tmp_path):
    assert load(tmp_path, '{}', 'start.discriminator=auto', 'data.geometry=off').data.geometry == 'off'
    assert load(tmp_path, 'data: {geometry: no}').data.geometry == 'off'


def test_the_last_override_wins_and_sections_are_merged(tmp_path):
    config = load(tmp_path, 'loss: {content: 5, tv: 7}', 'loss.content=1', 'loss.content=2')
    assert (config.loss.content, config.loss.tv, config.loss.style) == (2, 7, 0.1)


def test_extends_chain(tmp_path):
    (tmp_path / 'deep').mkdir()
    write(tmp_path, 'loss: {content: 1, tv: 1, style: 1}\ntrain: {steps: 9}', 'a.yaml')
    write(tmp_path, 'extends: ../a.yaml\nloss: {tv: 2, style: 2}', 'deep/b.yaml')
    config = load(tmp_path, 'extends: deep/b.yaml\nloss: {style: 3}')
    assert (config.loss.content, config.loss.tv, config.loss.style, config.train.steps) == (1, 2, 3, 9)


def test_an_empty_section_keeps_what_the_parent_says(tmp_path):
    write(tmp_path, 'loss: {content: 1}', 'a.yaml')
    assert load(tmp_path, 'extends: a.yaml\nloss:\n  # content: 3\n').loss.content == 1
    assert load(tmp_path, 'loss:\n').loss.content == 200


def test_extends_cycle(tmp_path):
    write(tmp_path, 'extends: b.yaml', 'a.yaml')
    write(tmp_path, 'extends: a.yaml', 'b.yaml')
    with pytest.raises(UserError, match='leads back to the same file'):
        config_file.load(TtnConfig, tmp_path / 'a.yaml')
    assert 'leads back' in message(tmp_path, 'extends: config.yaml')


@pytest.mark.parametrize('text, part', [
    ('extends: gone.yaml', 'gone.yaml does not exist'),
    ('a: [1', 'is not valid YAML'),
    ('a: "\x00"', 'is not valid YAML'),
    ('{a: 1, a: 2}: 3', 'is not valid YAML'),
    ('- 1\n- 2', 'not a list'),
    ('just words', 'not a str'),
    ('1: 2', 'unknown key 1'),
    ('loss: {1: 2}', 'unknown key loss.1'),
    ('!!python/object/apply:os.system ["true"]', 'is not valid YAML'),
])
def test_files_that_are_no_config(tmp_path, text, part):
    assert part in message(tmp_path, text)


def test_places_that_are_no_file(tmp_path):
    present = write(tmp_path, '{}')
    for path, part in [(tmp_path / 'no.yaml', 'no.yaml does not exist'), (tmp_path, 'is a folder'),
                       (present / 'x.yaml', 'x.yaml')]:
        with pytest.raises(UserError, match=part):
            config_file.load(TtnConfig, path)
    (tmp_path / 'picture.yaml').write_bytes(bytes(range(256)))
    with pytest.raises(UserError, match='is no UTF-8 text'):
        config_file.load(TtnConfig, tmp_path / 'picture.yaml')


def test_an_empty_file_is_the_defaults(tmp_path):
    assert load(tmp_path, '') == TtnConfig()
    assert not any(isinstance(value, float) and math.isnan(value) for value in vars(TtnConfig().loss).values())


def test_differences_names_the_leaves():
    assert differences({'a': {'b': 1, 'c': 2}, 'd': 3}, {'a': {'b': 1, 'c': 5}, 'e': 4}) == [
        ('a.c', 2, 5), ('d', 3, None), ('e', None, 4)]


@pytest.mark.parametrize('key', ['loss.content_network', 'evaluate.identity_network', 'evaluate.features'])
def test_networks_are_a_name_or_a_frozen_graph(tmp_path, key):
    section, name = key.split('.')
    assert getattr(getattr(load(tmp_path, '{}', f'{key}=mine/net.pb'), section), name) == 'mine/net.pb'
    assert getattr(getattr(load(tmp_path, '{}', f'{key}=dlib'), section), name) == 'dlib'
    assert 'or a file *.pb, not' in message(tmp_path, '{}', f'{key}=mine/net.h5')


def test_keys_of_one_stage_are_refused_by_the_other(tmp_path):
    path = write(tmp_path, '{}')
    for key in ('data.generated=x', 'data.exemplar_share=0.1', 'data.check_folders=false', 'evaluate.every=1'):
        load(tmp_path, '{}', key)
        with pytest.raises(UserError, match='unknown key'):
            config_file.load(CcnConfig, path, [key])
    for key in ('source=x', 'augment.p=0.1', 'loss.r1=5'):
        assert 'unknown key' in message(tmp_path, '{}', key)


@pytest.mark.parametrize('overrides, told', [
    (['data.style=x'], 'data.style is not used without a source.*data.photo'),
    (['data.photo=x', 'source=y'], 'data.photo is not used with a source.*data.style')])
def test_a_folder_that_the_calibration_would_not_use_is_refused(tmp_path, overrides, told):
    with pytest.raises(UserError, match=told):
        config_file.load(CcnConfig, write(tmp_path, '{}'), overrides)
