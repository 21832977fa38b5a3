"""A translator's frozen graph, as fast as the device allows: rewritten on a CPU, in batches on a GPU."""
from pathlib import Path
from typing import List, Optional

import numpy as np

from dctnet.compat import gpu_available, reason, tf
from dctnet.errors import UserError
from dctnet.frozen import (BATCH_INPUT, BATCH_OUTPUT, TRANSLATOR_INPUT, TRANSLATOR_OUTPUT, FrozenGraph, has_tensors,
                           read_runnable)
from dctnet.inference.cpu_graph import for_cpu
from dctnet.inference.shared_batches import SharedBatches, power_of_two

MAX_BATCH_PIXELS = 4000000  # of all images of a batch on a GPU, which bounds its memory


class GraphTranslator:
    """A frozen translator graph on uint8 images, with errors that name its file. Safe to call from several threads,
    whose images go through a GPU together if the graph has tensors for batches.

    path: .pb.
    device: 'auto', 'cpu' or 'gpu'.
    threads: inside one operation; 0: TensorFlow's choice.
    Raises UserError if the file is no translator.
    """

    def __init__(self, path: Path, device: str, threads: int) -> None:
        self._path = path
        graph_def = read_runnable(path, [TRANSLATOR_INPUT], [TRANSLATOR_OUTPUT])
        # A batch fills a GPU; on a CPU it takes longer than its images one by one.
        self.on_gpu = device != 'cpu' and gpu_available()
        self._batches: Optional[FrozenGraph] = None
        if self.on_gpu and has_tensors(graph_def, [BATCH_INPUT, BATCH_OUTPUT]):
            self._batches = FrozenGraph(path, [BATCH_INPUT], [BATCH_OUTPUT], device, threads)
            self._shared = SharedBatches(self._together, self.images_at_once)
        if not self.on_gpu:
            graph_def = for_cpu(graph_def)
        self._graph = FrozenGraph(graph_def, device=device, threads=threads, where=str(path))
        # Tell at once what only resembles a translator (other sizes, types, channels), not at the first photo.
        probe = np.full((48, 64, 3), 128, np.uint8)
        try:
            answer = self._graph(probe.astype(np.float32))
        except (ValueError, tf.errors.OpError) as error:
            raise UserError(f"{path} does not translate pictures: {reason(error)}: is it the "
                            'right graph?') from error
        if answer.shape != probe.shape or answer.dtype != np.uint8:
            raise UserError(f'{path} turns a picture uint8 {list(probe.shape)} into {answer.dtype} '
                            f'{list(answer.shape)}: is it a translator?')

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """uint8 [H, W, 3] BGR -> its translation, the same shape; H and W as the graph needs them."""
        return self.batch([image])[0]

    def images_at_once(self, pixels: int) -> int:
        """How many images of so many pixels are computed together at most."""
        return 1 if self._batches is None else power_of_two(max(1, MAX_BATCH_PIXELS // pixels))

    def batch(self, images: List[np.ndarray]) -> List[np.ndarray]:
        """Images of any sizes, each as by calling this. On a GPU those of one size are computed together, with those of
        other threads; a translation then differs from that of its image alone by one grey level at most."""
        if self._batches is None:
            return [self._run(self._graph, image) for image in images]
        return self._shared(images)

    def _together(self, images: List[np.ndarray]) -> List[np.ndarray]:
        assert self._batches is not None
        return list(self._run(self._batches, np.stack(images)))

    def _run(self, graph: FrozenGraph, batch: np.ndarray) -> np.ndarray:
        try:
            answer = graph(batch.astype(np.float32))
            if answer.shape != batch.shape or answer.dtype != np.uint8:  # a graph may treat sizes differently
                raise UserError(f'{self._path} turns a picture of {batch.shape[-2]}x{batch.shape[-3]} pixels into '
                                f'{answer.dtype} {list(answer.shape)}: is it a translator?')
            return answer
        except tf.errors.ResourceExhaustedError as error:
            raise UserError(f'out of memory on {batch.shape[-2]}x{batch.shape[-3]} pixels with {self._path}: '
                            'lower --workers or --short-side (mode fusion), crop the picture, or use --device '
                            'cpu') from error
        except (ValueError, tf.errors.OpError) as error:
            raise UserError(f'{self._path} cannot translate a picture of {batch.shape[-2]}x{batch.shape[-3]} pixels: '
                            f"{reason(error)}: is it a translator?") from error

    def close(self) -> None:
        """Free the graph's memory; the object cannot be called any more."""
        self._graph.close()
        if self._batches is not None:
            self._shared.close()
            self._batches.close()
