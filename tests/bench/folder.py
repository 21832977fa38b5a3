"""A folder of portraits as infer.py translates it: pictures a second as a whole, and by part."""
import tempfile
import time
from pathlib import Path
from typing import Any, Dict

from dctnet import images, infer
from dctnet.errors import UserError
from dctnet.exporters import model_folder
from dctnet.inference import picture_files
from dctnet.inference.stylizer import Stylizer
from tests.bench import batch
from tests.bench.portrait import random_generator


def write_portraits(folder: Path, count: int, side: int) -> None:
    """Portraits, JPEG, `side` to 1.06 `side` px: the astronaut cut and mirrored differently. In some of them the
    detector sees a false face beside the true one."""
    whole = batch.portrait(512)
    for index in range(count):
        cut = whole[:512 - 6 * (index % 5), index % 7:512 - index % 3]
        scaled = int(side * (1 + 0.02 * (index % 4)))
        mirrored = cut[:, ::1 - 2 * (index % 2)]
        images.write_bgr(folder / f'{index:02d}.jpg', images.scale(mirrored, scaled, scaled))


def time_folder(channels: int, count: int, side: int, device: str) -> Dict[str, Any]:
    """`count` portraits of about `side` px through random weights, after one pass that is dropped: pictures a second
    by the clock, how many are in work at the same time, and for each part what it would reach by itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_folder.write_model_folder(random_generator(channels), 'random weights', folder / 'model', {})
        write_portraits(folder / 'in', count, side)
        jobs = infer.plan([folder / 'in'], str(folder / 'out'))
        with Stylizer(folder / 'model', device=device) as stylizer:
            for _ in range(2):
                start = time.perf_counter()
                done, failed = picture_files.translate_all(
                    lambda job: picture_files.translate_file(stylizer, job), jobs, stylizer.at_once)
                seconds = time.perf_counter() - start
            if failed or not all(each.faces for each in done):
                raise UserError('not every portrait gave its face: is dlib installed as pinned?')
            return {'pictures': count, 'pictures_per_second': count / seconds, 'workers': stylizer.at_once,
                    'parts': picture_files.rates(done, stylizer.at_once)}
