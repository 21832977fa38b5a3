"""How much of a face's identity a translation keeps: the cosine of two face embeddings."""
import numpy as np


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Embeddings [N, D] of pictures and of their twins -> [N] in [-1, 1]; 1 = the same (the paper's Table 1, ID)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.sum(a * b, axis=1) / np.maximum(norms, 1e-9)
