"""What the standard library and nvidia-smi tell."""
import os

import pytest

from dctnet.diagnosis import installation
from dctnet.diagnosis.facts import Card, Driver
from dctnet.diagnosis.runtime import described_card, runtime


def test_this_installation_is_whole():
    found = installation.installation()
    assert not found.failures and set(found.versions) == set(installation.LIBRARIES.values())
    names = [name for name, _ in found.distributions]
    assert 'tf-slim' in names and sum(name.startswith('tensorflow') for name in names) >= 1


def test_what_does_not_import_is_a_fact(monkeypatch):
    monkeypatch.setitem(installation.LIBRARIES, 'no_such_module', 'no-such-package')
    assert installation.installation().failures == {'no-such-package': "No module named 'no_such_module'"}


def test_distributions_are_read_once_a_folder(tmp_path):
    for name in ('tensorflow_cpu-2.15.1', 'tensorflow-2.16.0', 'numpy'):
        (tmp_path / f'{name}.dist-info').mkdir()
    places = [str(tmp_path), str(tmp_path) + os.sep, '', str(tmp_path / 'missing')]
    assert installation.distributions(places) == [('tensorflow', '2.16.0'), ('tensorflow-cpu', '2.15.1')]


def test_lines_of_nvidia_smi():
    text = 'NVIDIA H100 80GB HBM3, 550.54.15, 81559, 9.0\nTesla T4, 550.54.15, [N/A], 7.5\n'
    assert installation.parsed_driver(text) == Driver(
        '550.54.15', [Card('NVIDIA H100 80GB HBM3', (9, 0)), Card('Tesla T4', (7, 5))], [81559, 0])
    assert installation.parsed_driver('Tesla K80, 410.1, 11441').cards == [Card('Tesla K80', None)]
    with pytest.raises(ValueError):
        installation.parsed_driver('No devices were found')


@pytest.mark.parametrize('answers, version', [
    ('case "$1" in *compute_cap*) exit 6;; esac; echo "Tesla T4, 410.1, 15000"', '410.1'),
    ('echo "No devices were found"', ''), ('exit 9', ''), (None, '')])
def test_an_nvidia_smi_that_is_old_or_broken_or_not_there(tmp_path, monkeypatch, answers, version):
    if answers:
        (tmp_path / 'nvidia-smi').write_text(f'#!/bin/sh\n{answers}\n')
        (tmp_path / 'nvidia-smi').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert installation.driver().version == version


def test_cards_as_tensorflow_describes_them():
    text = 'device: 0, name: NVIDIA H100 80GB HBM3, pci bus id: 0000:19:00.0, compute capability: 9.0'
    assert described_card(text) == Card('NVIDIA H100 80GB HBM3', (9, 0))
    assert described_card('something else') == Card('something else', None)


def test_the_runtime_of_a_cpu():
    found = runtime('cpu', [])
    assert not found.cards and not found.card_error and not found.tf32 and found.onednn in ('on', 'off', 'none')
