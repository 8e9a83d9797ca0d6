"""The fingerprint of a mesh: by it plans and grasps know their object again."""

from __future__ import annotations

import hashlib

import numpy as np


def mesh_hash(vertices: np.ndarray, faces: np.ndarray) -> str:
    """Returns the SHA-256 of triangles, hexadecimal.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
    """
    digest = hashlib.sha256(np.ascontiguousarray(vertices, np.float64).tobytes())
    digest.update(np.ascontiguousarray(faces, np.int32).tobytes())
    return digest.hexdigest()
