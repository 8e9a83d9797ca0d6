from __future__ import annotations

import pathlib

import numpy as np
import pytest
import trimesh

from zdg_jax.objects import Object, disk_cache
from zdg_jax.runtime.caches import clear_cache


def test_parts_are_kept_on_disk(
    cup_mesh: trimesh.Trimesh, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path))
    made = [Object.from_mesh(cup_mesh).region_grid([mark]).cells for mark in (1, 3)]
    assert len(list(disk_cache.folder().glob("*.npz"))) == 3  # the object and two parts
    read = Object.from_mesh(cup_mesh).region_grid([1])
    np.testing.assert_array_equal(read.cells, made[0])
    # A part is told by its faces, not by its mark.
    labels = np.where(Object.from_mesh(cup_mesh).face_parts == 3, 1, 0)
    again = Object.from_mesh(cup_mesh, parts=labels)
    handle = int(again.face_parts[labels == 1][0])
    np.testing.assert_array_equal(again.region_grid([handle]).cells, made[1])
    clear_cache("objects")
    uncached = Object.from_mesh(cup_mesh, cache=False)
    np.testing.assert_array_equal(uncached.region_grid([1]).cells, made[0])
    assert not list(disk_cache.folder().glob("*.npz"))


def test_several_parts_are_as_far_as_the_nearest(cup: Object) -> None:
    body, handle, both = (np.asarray(cup.region_grid(m).cells) for m in ([1], [3], [1, 3]))
    nearer = handle[:, 0] < body[:, 0]
    assert 0 < nearer.sum() < len(nearer)
    np.testing.assert_array_equal(both, np.where(nearer[:, None], handle, body))
