"""Words that scripts for ModelScope import."""
import os


class Tasks:
    """What a pipeline does."""
    image_portrait_stylization = 'image-portrait-stylization'


class OutputKeys:
    """Keys of what a pipeline gives."""
    OUTPUT_IMG = 'output_img'


def test_level() -> int:
    """How many of its tests a script for ModelScope is to run: the environment variable TEST_LEVEL, else 0."""
    return int(os.environ.get('TEST_LEVEL', '0'))
