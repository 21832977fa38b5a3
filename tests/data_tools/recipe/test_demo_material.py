"""The material of `make demo`: photographs and exemplars of equal number, and others to choose the checkpoint by."""
from data_tools.recipe.demo_material import write_material
from dctnet import images


def test_material_holds_photographs_that_the_training_does_not_see(tmp_path):
    write_material(tmp_path, 3, 32, validation=2)
    found = {name: [images.read_bgr(path).tobytes() for path in images.list_images(tmp_path / name)]
             for name in ('photo', 'style', 'validation')}
    assert {name: len(pictures) for name, pictures in found.items()} == {'photo': 3, 'style': 3, 'validation': 2}
    assert len(set(sum(found.values(), []))) == 8
    assert images.read_bgr(tmp_path / 'portrait.png').shape == (512, 512, 3)
