"""Trainings log what tests look for."""
import logging

import pytest


@pytest.fixture(autouse=True)
def informed(caplog):
    """What the project logs as information is caught, too."""
    caplog.set_level(logging.INFO)
