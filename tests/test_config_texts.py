"""Keys of text keep what was typed; whole numbers are what people mean, whatever YAML makes of them."""
import pytest

from dctnet import config_file
from dctnet.config import TtnConfig
from tests.test_config_file import load, message, write


@pytest.mark.parametrize('given, expected', [('/a #b', '/a #b'), ('"/a b"', '/a b'), (' /a ', '/a'), ('', '')])
def test_text_on_the_command_line_is_taken_as_it_stands(tmp_path, given, expected):
    assert load(tmp_path, '{}', 'data.photo=' + given).data.photo == expected


ODD_TEXTS = ['2023_11_30', '0755', '00007', '7:45', 'yes', 'off', 'False', '2.50', '0xff', '0b11', '2022-02-29', '5e-3',
             '.5', '1_000', '2001-01-01 10:00:00', '.inf', '!', '&a', '*a', '%x']


@pytest.mark.parametrize('text', ODD_TEXTS + ['null', '[x]', '{y}', 'a: b', '[a', '- b', '#x', '? y'])
def test_text_keys_keep_the_text_of_the_command_line(tmp_path, text):
    assert load(tmp_path, '{}', 'data.photo=' + text).data.photo == text


@pytest.mark.parametrize('text', [text for text in ODD_TEXTS if text[0] not in '!&*%'])
def test_text_keys_keep_the_text_of_the_file(tmp_path, text):
    config = load(tmp_path, f'data:\n  photo: {text}\n')
    assert config.data.photo == text
    again = write(tmp_path, config_file.to_yaml(config_file.to_dict(config)))
    assert config_file.load_saved(TtnConfig, again) == config


@pytest.mark.parametrize('text, steps', [('0755', 755), ('1_000', 1000), ('0x10', 16), ('2e3', 2000), ('7:45', None),
                                         ('yes', None), ('9' * 5000, None), ('2001-01-01', None), ('.nan', None)])
def test_whole_numbers_are_what_people_mean(tmp_path, text, steps):
    for arguments in (['{}', 'train.steps=' + text], [f'train: {{steps: {text}}}']):
        if steps is None:
            assert 'train.steps must be a whole number' in message(tmp_path, *arguments)
        else:
            assert load(tmp_path, *arguments).train.steps == steps
