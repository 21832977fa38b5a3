"""Warnings on sample sheets that were diverged in one way each."""
import numpy as np
import pytest

from dctnet.report.image_checks import check_samples
from dctnet.report.run_record import read_run
from tests.report.written_run import add_sheet, faces, write_run


def saturated(pictures):
    return np.clip((pictures.astype(int) - 127) * 20 + 127, 0, 255).mean(axis=-1, keepdims=True).round().astype(
        np.uint8).repeat(3, axis=-1)


def blue(pictures):
    return np.clip(pictures.astype(int) + (60, 0, 0), 0, 255).astype(np.uint8)


def symptoms(run):
    return [finding.symptom for finding in check_samples(read_run(run))]


@pytest.mark.parametrize('spoil, symptom', [
    (saturated, 'Saturation'), (blue, 'Colour drift'), (lambda pictures: pictures[:1].repeat(4, axis=0),
                                                        'Collapse of diversity')])
def test_each_symptom_is_warned_of_alone(tmp_path, spoil, symptom):
    run = write_run(tmp_path / 'run')
    add_sheet(run, 0, spoil(faces()))
    assert symptoms(run) == []  # before any training
    add_sheet(run, 50, faces() // 8 * 8)
    assert symptoms(run) == []
    add_sheet(run, 100, spoil(faces()))
    assert symptoms(run) == [symptom]


def test_a_generator_without_a_photo_beside_it_is_judged_by_itself(tmp_path):
    run = write_run(tmp_path / 'run', 'ccn')
    add_sheet(run, 50, faces(), reference='')
    assert symptoms(run) == []
    add_sheet(run, 100, faces()[:1].repeat(4, axis=0), reference='')
    assert symptoms(run) == ['Collapse of diversity']
