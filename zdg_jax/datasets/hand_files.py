"""Hands of a dataset on disk: MJCF with its meshes and relative paths, and facts as JSON."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.datasets.jobs import HandRow
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.object_files import read_json
from zdg_jax.datasets.sources import file_digest
from zdg_jax.datasets.spec import DatasetSpec
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

FACTS, MODEL = "hand.json", "hand.xml"
_MESHES = "meshes"


def find_hands(spec: DatasetSpec, folder: pathlib.Path, layout: Layout) -> list[HandRow]:
    """Finds the hands of a spec and writes the files of those that the dataset lacks.

    Hands are loaded in a process of their own: this one needs no JAX.

    Args:
        spec: the spec.
        folder: folder that its paths are relative to.
        layout: the dataset.

    Raises:
        InputError: two hands of one name, a hand that cannot be used, or a file that cannot be
            written.
    """
    named = [_named(hand, folder) for hand in spec.hands]
    for i, (name, source) in enumerate(named):
        if name in dict(named[:i]):
            raise InputError(f"two hands are called '{name}'; name one of them: {source!r}")
    missing = [(name, source) for name, source in named if not _known(layout, name, source)]
    if missing:
        _write_apart(layout, missing)
    return [
        HandRow(name=name, source=source, fingerprint=read_hand(layout, name)["fingerprint"])
        for name, source in named
    ]


def read_hand(layout: Layout, name: str) -> dict[str, Any]:
    """Reads the facts of a hand.

    Args:
        layout: the dataset.
        name: the hand.

    Raises:
        InputError: they are not there, or damaged.
    """
    facts: dict[str, Any] = read_json(layout.hand(name) / FACTS)
    return facts


def write_hand(layout: Layout, name: str, source: str) -> None:
    """Writes a hand's files whole, in place of older ones.

    Args:
        layout: the dataset.
        name: name in the dataset.
        source: shipped name or path.

    Raises:
        InputError: the hand cannot be used, or a file cannot be written.
    """
    from zdg_jax.hand import Hand

    hand, target = Hand.load(source), layout.hand(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".zdg-", dir=target.parent) as staging:
            fresh = pathlib.Path(staging) / name
            (fresh / _MESHES).mkdir(parents=True)
            (fresh / MODEL).write_text(_model(hand, fresh / _MESHES))
            if not any((fresh / _MESHES).iterdir()):
                (fresh / _MESHES).rmdir()
            facts = _facts(hand, name, source)
            facts["stored_fingerprint"] = Hand.load(fresh / MODEL).fingerprint
            (fresh / FACTS).write_text(json.dumps(facts))
            _check_own(target)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror or error}") from error


def _check_own(folder: pathlib.Path) -> None:
    """Refuses to replace a hand's folder in which somebody put something.

    Raises:
        InputError: naming it.
    """
    foreign = {path.name for path in folder.glob("*")} - {MODEL, FACTS, _MESHES}
    if foreign:
        raise InputError(f"{folder} holds {min(foreign)}, which is none of the dataset's; move it")


def _named(hand: Any, folder: pathlib.Path) -> tuple[str, str]:
    """A hand's name and its source: a shipped name, or an absolute path with its options."""
    from zdg_jax.hand.naming import HandName

    source = hand if isinstance(hand, str) else hand.path
    path, option, rest = source.partition(":")
    if "/" in path or pathlib.Path(path).suffix:
        source = str((folder / path).resolve()) + option + rest
    if not isinstance(hand, str):
        return hand.name, source
    called = HandName.parse(source)
    stem = pathlib.Path(called.path).stem
    return (f"{stem}_mirrored" if called.mirrored else stem), source


def _known(layout: Layout, name: str, source: str) -> bool:
    try:
        facts = read_hand(layout, name)
    except InputError:
        return False
    stated = pathlib.PurePath(source).name
    return bool(facts["source"] == stated and facts["source_sha256"] == _source_digest(source))


def _source_digest(source: str) -> str:
    """Digest of a hand's file; of a shipped hand, of the file in the package."""
    import importlib.resources

    path = pathlib.Path(source.partition(":")[0])
    if not path.is_absolute():
        path = pathlib.Path(str(importlib.resources.files("zdg_jax.mjcf"))) / f"{path}.xml"
    try:
        return file_digest(path)
    except OSError:
        return ""


def _write_apart(layout: Layout, hands: list[tuple[str, str]]) -> None:
    code = (
        "import sys, json, pathlib\n"
        "from zdg_jax.datasets.hand_files import write_hand\n"
        "from zdg_jax.datasets.layout import Layout\n"
        "from zdg_jax.errors import InputError\n"
        "root, hands = json.load(sys.stdin)\n"
        "try:\n"
        "    for name, source in hands:\n"
        "        write_hand(Layout(pathlib.Path(root)), name, source)\n"
        "except InputError as error:\n"
        "    sys.exit('\\n' + str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([str(layout.root), hands]),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InputError(said[-1])


def _model(hand: Hand, meshes: pathlib.Path) -> str:
    """The hand's MJCF; writes its meshes to a folder, which it names by relative paths."""
    spec = hand.spec()
    for i, mesh in enumerate(spec.meshes):
        if mesh.file:
            source = pathlib.Path(mesh.file)
            file = meshes / f"{i:03d}_{source.name}"
            shutil.copyfile(source, file)
            mesh.file = str(file)
    text = spec.to_xml()
    return re.sub(r'file="[^"]*/([^"/]+)"', rf'file="{_MESHES}/\1"', text)


def _facts(hand: Hand, name: str, source: str) -> dict[str, Any]:
    model = hand.model
    limited = model.jnt_limited.astype(bool)
    low = np.where(limited, model.jnt_range[:, 0], -np.inf)
    high = np.where(limited, model.jnt_range[:, 1], np.inf)
    numbers = lambda values: [v if np.isfinite(v) else None for v in values.tolist()]  # noqa: E731
    return {
        "hand": name,
        "source": pathlib.PurePath(source).name,
        "source_sha256": _source_digest(source),
        "fingerprint": hand.fingerprint,
        "joint_names": list(hand.joint_names),
        "joint_lower": numbers(low),
        "joint_upper": numbers(high),
        "dof_names": list(hand.dof_names),
        "actuator_names": list(hand.actuator_names),
        "actuator_lower": numbers(hand.force_range[:, 0]),
        "actuator_upper": numbers(hand.force_range[:, 1]),
        "link_names": list(hand.link_names),
        "palm_normal": np.asarray(hand.palm.normal, float).tolist(),
    }
