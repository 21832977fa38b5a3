"""Settings of a folder: the same, other ones, none, damaged."""
import json

import pytest

from dctnet.errors import UserError
from dctnet.files import folder_settings

SETTINGS = {'size': 64, 'limits': {'blur': 1.5, 'border': None}}


def test_equal_settings_pass_also_under_a_section(tmp_path):
    path = tmp_path / 'settings.json'
    path.write_text(json.dumps(SETTINGS))
    folder_settings.check(path, SETTINGS)
    path.write_text(json.dumps({'settings': SETTINGS, 'from': 'elsewhere'}))
    folder_settings.check(path, SETTINGS, section='settings')


@pytest.mark.parametrize('content, message', [
    (json.dumps(dict(SETTINGS, size=128, limits={'blur': 1.5, 'border': 'white'})),
     "other settings: limits.border is 'white' there and None now; size is 128 there and 64 now"),
    (None, 'no settings.json'), ('[1', 'settings.json is damaged'), ('[1]', 'settings.json is damaged')])
def test_a_folder_of_other_or_unknown_settings_is_refused(tmp_path, content, message):
    path = tmp_path / 'settings.json'
    if content:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        folder_settings.check(path, SETTINGS)


@pytest.mark.parametrize('content, message', [('{}', 'no settings.json'), ('[1]', 'damaged'),
                                              ('{"settings": 3}', 'damaged')])
def test_a_file_without_the_section_is_refused(tmp_path, content, message):
    path = tmp_path / 'settings.json'
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        folder_settings.check(path, SETTINGS, section='settings')
