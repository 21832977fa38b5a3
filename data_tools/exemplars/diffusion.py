"""Stable Diffusion through the library diffusers: finding a model, loading it, drawing with it.

diffusers and torch are an extra (requirements/exemplars.txt) and are imported when they are needed, by nothing else.
"""
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from PIL import Image

from dctnet import images
from dctnet.errors import UserError
from dctnet.files.hashing import sha256_of_bytes

LIBRARIES = ('torch', 'transformers', 'diffusers')
_INDEX = 'model_index.json'
_SAMPLE_BYTES = 65536
log = logging.getLogger('generate_exemplars')


class Drawing(NamedTuple):
    """How images are drawn.

    size: side in pixels.
    steps: of the scheduler.
    guidance: scale of classifier-free guidance.
    negative_prompt: what to keep away from.
    strength: how far from the photograph, 0 to 1; None without one.
    """
    size: int
    steps: int
    guidance: float
    negative_prompt: str
    strength: Optional[float]


class Model(NamedTuple):
    """A model on the disk. identity: what tells it from others, wherever it lies."""
    folder: Path
    identity: str


class Painter:
    """Draws images of prompts.

    pipeline: a text-to-image pipeline of diffusers, or an image-to-image one if `drawing` has a strength.
    new_generator: seed -> the pipeline's source of random numbers; each image has one of its own.
    """

    def __init__(self, pipeline: Any, drawing: Drawing, new_generator: Callable[[int], Any]) -> None:
        self._pipeline, self._drawing, self._new_generator = pipeline, drawing, new_generator

    @property
    def has_safety_checker(self) -> bool:
        """True if the model brings a network that flags images that are not safe for work."""
        return getattr(self._pipeline, 'safety_checker', None) is not None

    def __call__(self, prompts: Sequence[str], seeds: Sequence[int],
                 photos: Optional[Sequence[np.ndarray]] = None) -> List[Optional[np.ndarray]]:
        """An image, uint8 [size, size, 3] BGR, for each prompt and seed, drawn together; None if the model's safety
        checker flags it. photos: uint8 [H, W, 3] BGR, what each image is drawn over: their centre squares.

        Raises UserError if the memory is too small or half precision overflows.
        """
        drawing = self._drawing
        arguments = {'prompt': list(prompts), 'generator': [self._new_generator(seed) for seed in seeds],
                     'num_inference_steps': drawing.steps, 'guidance_scale': drawing.guidance, 'output_type': 'np'}
        if drawing.negative_prompt:
            arguments['negative_prompt'] = [drawing.negative_prompt] * len(prompts)
        if photos is None:
            arguments.update(width=drawing.size, height=drawing.size)
        else:
            arguments.update(strength=drawing.strength, image=[
                Image.fromarray(images.square(photo, drawing.size)[:, :, ::-1].copy()) for photo in photos])
        try:
            result = self._pipeline(**arguments)
        except RuntimeError as error:
            if 'out of memory' not in str(error).lower():
                raise
            raise UserError(f'the memory of the device is too small for {len(prompts)} pictures of {drawing.size} px '
                            'at once: lower --batch or --size, or use --half on a GPU') from error
        drawn = np.asarray(result.images)  # float [N, size, size, 3] RGB, 0 to 1
        if not np.isfinite(drawn).all():
            raise UserError('the model gives numbers that are not finite: leave out --half')
        flags = getattr(result, 'nsfw_content_detected', None) or [False] * len(drawn)
        return [None if flag else np.ascontiguousarray((image * 255).round().astype(np.uint8)[:, :, ::-1])
                for image, flag in zip(drawn, flags)]


def versions() -> Dict[str, str]:
    """Library -> its version. Raises UserError if one is not installed."""
    result = {}
    for name in LIBRARIES:
        try:
            result[name] = importlib.import_module(name).__version__
        except ImportError as error:
            raise UserError(
                f'Python package {name} is not installed in {sys.prefix} ({error}). It is an extra with an environment '
                'of its own: python3.11 -m venv .venv/exemplars && .venv/exemplars/bin/pip install -r '
                'requirements/exemplars.txt, then .venv/exemplars/bin/python -m '
                'data_tools.generate_exemplars') from error
    return result


def device_of(name: str, half: bool) -> str:
    """'cpu' or 'cuda' for cpu, gpu or auto. Raises UserError if there is no GPU that torch can use but one is asked
    for, by name or for half precision."""
    import torch
    device = 'cuda' if name != 'cpu' and torch.cuda.is_available() else 'cpu'
    if name == 'gpu' and device == 'cpu':
        raise UserError(f'torch {torch.__version__} sees no GPU: use --device cpu (minutes a picture), or check the '
                        'driver and that torch is not a CPU build')
    if half and device == 'cpu':
        raise UserError('--half needs a GPU, but the device is the CPU: leave it out')
    return device


def find_model(model: str, offline: bool) -> Model:
    """The model in a local folder, or of the hub, downloaded if it is not in the cache yet (the log says so before).

    offline: only what is in the cache; so does the environment variable HF_HUB_OFFLINE.
    Raises UserError if there is no such model.
    """
    folder = Path(model)
    if folder.exists():
        if not (folder / _INDEX).is_file():
            raise UserError(f'{model} is no model of diffusers (no {_INDEX} in it): name the folder that holds it')
        return Model(folder, f'{folder.resolve().name} ({_digest(folder)})')
    if model.count('/') != 1 or model.startswith(('.', '~', '/')):
        raise UserError(f'--model {model}: there is no such folder, and a name of the hub would be OWNER/MODEL: check '
                        'the path')
    offline = offline or os.environ.get('HF_HUB_OFFLINE', '').upper() in ('1', 'ON', 'YES', 'TRUE')
    log.info('%s is no folder here: %s', model, 'looking into the cache of the hub, offline' if offline else
             'taking it from the hub; what is not in the cache is DOWNLOADED now (a few GB)')
    import diffusers
    try:
        cached = Path(diffusers.DiffusionPipeline.download(model, local_files_only=offline))
    except (OSError, ValueError) as error:
        raise UserError('cannot get the model {} ({}): {}; or give the folder of a copy with --model'.format(
            model, ' '.join(str(error).split())[:200], 'it is not in the cache, so repeat without --offline and '
            'HF_HUB_OFFLINE' if offline else 'check the name, the connection and the access')) from error
    return Model(cached, f'{model}@{cached.name}')


def load(model: Model, drawing: Drawing, device: str, half: bool) -> Painter:
    """The model with the Euler ancestral scheduler, ready to draw.

    model: on the disk (`find_model`).
    drawing: how images are drawn.
    device: 'cpu' or 'cuda' (`device_of`).
    half: half precision.
    Raises UserError if the model's files are damaged.
    """
    import torch
    from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image, EulerAncestralDiscreteScheduler
    kind = AutoPipelineForText2Image if drawing.strength is None else AutoPipelineForImage2Image
    try:
        pipeline = kind.from_pretrained(str(model.folder), torch_dtype=torch.float16 if half else torch.float32,
                                        local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot load the model in {model.folder} ({' '.join(str(error).split())[:300]}): is the copy "
                        'complete?') from error
    pipeline.scheduler = EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    # Random numbers of the CPU: the same for a seed on every device.
    return Painter(pipeline.to(device), drawing, lambda seed: torch.Generator('cpu').manual_seed(seed))


def _digest(folder: Path) -> str:
    """Of the names, the sizes and a piece of each file: reading gigabytes whole would take longer than drawing."""
    pieces = []
    for path in sorted(path for path in folder.rglob('*') if path.is_file()
                       and not any(part.startswith('.') for part in path.relative_to(folder).parts)):
        size = path.stat().st_size
        pieces.append(f'{path.relative_to(folder).as_posix()} {size}\n'.encode('utf-8', 'surrogateescape'))
        with path.open('rb') as stream:
            stream.seek(max(0, (size - _SAMPLE_BYTES) // 2))
            pieces.append(stream.read(_SAMPLE_BYTES))
    return sha256_of_bytes(b''.join(pieces))[:16]
