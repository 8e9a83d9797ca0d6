"""Makers of inputs: each returns a function that puts files into a folder."""

from __future__ import annotations

import itertools
import math
import os
import pathlib
import re
import shutil

import trimesh

from tests.faults.harness import Maker

CASES = pathlib.Path(__file__).parent / "cases"
BILLION = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{10 * f"&{a};"}">' for a, b in itertools.pairwise("abcdefghi"))
    + "]>"
)
"""Head of an XML file in which `&i;` stands for a gigabyte."""
POSITION = '<position joint="{joint}"/>'


def together(*makers: Maker) -> Maker:
    """All inputs of several makers."""

    def make(folder: pathlib.Path) -> None:
        for maker in makers:
            maker(folder)

    return make


def text(name: str, content: str) -> Maker:
    """A file of some text; folders above it are made."""

    def make(folder: pathlib.Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    return make


def link(name: str, target: str) -> Maker:
    """A symbolic link."""

    def make(folder: pathlib.Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)

    return make


def pipe(name: str) -> Maker:
    """A pipe that nobody writes to."""
    return lambda folder: os.mkfifo(folder / name)


def case(name: str) -> Maker:
    """A file of `cases/`, or a folder of them."""

    def make(folder: pathlib.Path) -> None:
        source = CASES / name
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
        else:
            shutil.copy(source, folder)

    return make


def box(name: str = "box.stl", size: float = 0.05, unit: str = "") -> Maker:
    """A box of a file's own unit; `unit` is put into a DAE file as it is."""

    def make(folder: pathlib.Path) -> None:
        path = folder / name
        content = trimesh.creation.box((size, 0.8 * size, 1.2 * size)).export(
            file_type=path.suffix[1:]
        )
        content = content.encode() if isinstance(content, str) else content
        path.write_bytes(content.replace(b"<up_axis>", unit.encode() + b"<up_axis>"))

    return make


def stl_that_counts(triangles: int) -> Maker:
    """A box of twelve triangles in m.stl, whose head says another number."""

    def make(folder: pathlib.Path) -> None:
        content = trimesh.creation.box((0.04,) * 3).export(file_type="stl")
        (folder / "m.stl").write_bytes(
            content[:80] + triangles.to_bytes(4, "little") + content[84:]
        )

    return make


def unit_of_3mf(name: str, size: float, unit: str) -> Maker:
    """A box of a 3MF file that states its unit."""

    def make(folder: pathlib.Path) -> None:
        import zipfile

        box(name, size)(folder)
        with zipfile.ZipFile(folder / name) as file:
            entries = {entry: file.read(entry) for entry in file.namelist()}
        with zipfile.ZipFile(folder / name, "w") as file:
            for entry, content in entries.items():
                stated = f'unit="{unit}"'.encode()
                file.writestr(entry, re.sub(rb'unit="\w+"', stated, content))

    return make


def obj_box(side: float = 0.04, tail: str = "") -> str:
    """A box as the text of an OBJ file; `tail` follows the coordinates of each vertex."""
    mesh = trimesh.creation.box((side,) * 3)
    lines = [f"v {x:g} {y:g} {z:g}{tail}" for x, y, z in mesh.vertices]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in mesh.faces]
    return "\n".join(lines) + "\n"


def obj(name: str, content: str) -> Maker:
    """A text file with its line ends as they are."""
    return lambda folder: (folder / name).write_bytes(content.encode()) and None


PLY_OF_MANY = (
    "ply\nformat ascii 1.0\nelement vertex 1000000000000\nproperty float x\nproperty float y\n"
    "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n"
)
"""A PLY file that states more vertices than it has."""


def including_pipe(name: str) -> Maker:
    """An MJCF file that includes a pipe."""
    included = '<mujoco><include file="f.xml"/></mujoco>'
    return together(text(name, included), pipe("f.xml"))


def fingers(
    limits: str = "-.2 1.4",
    size: float = 1.0,
    actuator: str = POSITION,
    *,
    prefix: str = "",
    pos: str = "0 0 0",
    damping: str = "damping='.02' armature='1e-4'",
) -> tuple[str, str]:
    """The palm of a claw with three fingers of two joints, and its actuators, as MJCF."""
    parts = []
    for i, turn in enumerate((0.0, 2.0944, 4.1888)):
        x, y = 0.035 * size * math.cos(turn), 0.035 * size * math.sin(turn)
        a, b = (
            f'<joint name="{prefix}{letter}{i}" axis="0 -1 0" range="{limits}" {damping}/>'
            f'<geom type="capsule" size="{0.007 * size}" fromto="0 0 0 0 0 {length * size}"/>'
            for letter, length in (("a", 0.05), ("b", 0.04))
        )
        parts.append(
            f'<body pos="{x} {y} {0.02 * size}" euler="0 0 {turn}">{a}'
            f'<body pos="0 0 {0.05 * size}">{b}</body></body>'
        )
    palm = f'<geom type="cylinder" size="{0.05 * size} {0.01 * size}"/>'
    drives = "".join(actuator.format(joint=f"{prefix}{n}{i}") for i in range(3) for n in "ab")
    return f'<body name="{prefix}palm" pos="{pos}">{palm}{"".join(parts)}</body>', drives


def model(bodies: str, actuators: str, more: str = "") -> str:
    """An MJCF file."""
    return (
        '<mujoco><compiler angle="radian" autolimits="true"/>'
        f"<worldbody>{bodies}</worldbody><actuator>{actuators}</actuator>{more}</mujoco>"
    )


def claw(
    limits: str = "-.2 1.4",
    size: float = 1.0,
    actuator: str = POSITION,
    more: str = "",
    damping: str = "damping='.02' armature='1e-4'",
) -> Maker:
    """A claw in hand.xml."""
    return text("hand.xml", model(*fingers(limits, size, actuator, damping=damping), more))


def edited_claw(old: str, new: str) -> Maker:
    """A claw in hand.xml whose file was edited once."""
    content = model(*fingers())
    assert old in content
    return text("hand.xml", content.replace(old, new, 1))


_LINK = """<link name="{name}"><inertial><mass value=".05"/><origin xyz="0 0 .02"/>
  <inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>
  <collision><origin xyz="0 0 .02"/><geometry><sphere radius=".01"/></geometry></collision></link>
"""
_JOINT = """<joint name="{name}" type="revolute"><parent link="{parent}_link"/>
  <child link="{name}_link"/><origin xyz="{x} {y} .04" rpy="0 0 {turn}"/><axis xyz="0 -1 0"/>
  <limit lower="0" upper="1.4" effort="1" velocity="1"/></joint>
"""
MIMIC = '<mimic joint="a2"/>'
"""What the last joint of a URDF claw follows."""


def urdf_claw(old: str = "", new: str = "") -> Maker:
    """A claw in hand.urdf; if `old` is given, each of it is replaced by `new`."""
    content = _LINK.format(name="palm_link")
    for i in range(3):
        turn = 2.0944 * i
        x, y = 0.035 * math.cos(turn), 0.035 * math.sin(turn)
        content += _LINK.format(name=f"a{i}_link") + _LINK.format(name=f"b{i}_link")
        content += _JOINT.format(name=f"a{i}", parent="palm", x=x, y=y, turn=turn)
        content += _JOINT.format(name=f"b{i}", parent=f"a{i}", x=0, y=0, turn=0)
    content = content.removesuffix("</joint>\n") + MIMIC + "</joint>\n"
    assert old in content
    content = content.replace(old, new) if old else content
    return text("hand.urdf", f'<robot name="claw">{content}</robot>')


def two_claws() -> Maker:
    """Two claws, 40 cm apart, in hand.xml."""
    left, right = fingers(), fingers(prefix="r_", pos=".4 0 0")
    return text("hand.xml", model(left[0] + right[0], left[1] + right[1]))


def arm_with_claw(joints: int = 7) -> Maker:
    """An arm with a claw at its end, in hand.xml."""
    inner, drives = fingers()
    for i in reversed(range(joints)):
        axis = f"{i % 2} {(i + 1) % 2} 0"
        inner = (
            f'<body pos="0 0 .1"><joint name="w{i}" axis="{axis}" range="-2 2"/>'
            f'<geom type="capsule" size=".03" fromto="0 0 0 0 0 .1"/>{inner}</body>'
        )
        drives += f'<position joint="w{i}"/>'
    return text("hand.xml", model(inner, drives))


def allegro_without_angle(folder: pathlib.Path) -> None:
    """The shipped Allegro with its unit of angles lost, in hand.xml."""
    import importlib.resources

    content = importlib.resources.files("zdg_jax.mjcf").joinpath("allegro.xml").read_text()
    (folder / "hand.xml").write_text(content.replace('angle="radian"', ""))


def grasps(folder: pathlib.Path) -> None:
    """Twelve made-up grasps of which some are kept, in grasps.npz."""
    from tests.made_up import make_grasps

    make_grasps(12).save(folder / "grasps.npz")


def grasps_of_claw(folder: pathlib.Path) -> None:
    """A claw in hand.xml, and twelve made-up grasps by it in grasps.npz, of which some are kept."""
    import dataclasses

    from tests.made_up import make_grasps
    from zdg_jax.hand import Hand

    claw()(folder)
    grasps = make_grasps(12)
    record = dataclasses.replace(
        grasps.hand,
        source=str(folder / "hand.xml"),
        fingerprint=Hand.load(folder / "hand.xml").fingerprint,
        joint_names=("a0", "b0", "a1", "b1", "a2", "b2"),
    )
    dataclasses.replace(grasps, hand=record).save(folder / "grasps.npz")


def plan_with(section: str, field: str, value: object) -> Maker:
    """A plan in p.json, of which one field was changed."""

    def make(folder: pathlib.Path) -> None:
        import json

        from tests.planning.plans import content

        plan = content()
        plan[section][field] = value
        (folder / "p.json").write_text(json.dumps(plan))

    return make


def spec(folder: pathlib.Path) -> None:
    """The specification of a small dataset in spec.yaml."""
    from tests.datasets.small import write_spec

    write_spec(folder, ["box"])


def raw(name: str, content: str) -> Maker:
    """A file whose lone surrogates stand for bytes that are no text."""
    return lambda folder: (folder / name).write_bytes(os.fsencode(content)) and None


YAML_BOMB = "a: &a [1, 2]\n" + "".join(
    f"{b}: &{b} [{', '.join(10 * [f'*{a}'])}]\n" for a, b in itertools.pairwise("abcdefghi")
)
"""A YAML file whose last alias stands for a hundred million lists."""


def set_with_entry_twice(name: str) -> Maker:
    """Made-up grasps with one entry of the archive twice."""

    def make(folder: pathlib.Path) -> None:
        import warnings
        import zipfile

        grasps(folder)
        with zipfile.ZipFile(folder / "grasps.npz", "a") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the double name
            file.writestr(name, file.read(name))

    return make


def set_with_bomb(folder: pathlib.Path) -> None:
    """Made-up grasps with gigabytes of zeros packed into a few megabytes."""
    import zipfile

    grasps(folder)
    with (
        zipfile.ZipFile(folder / "grasps.npz", "a", zipfile.ZIP_DEFLATED) as file,
        file.open("bomb.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(3000):
            entry.write(bytes(1_000_000))


def set_of_meta(text: str) -> Maker:
    """Made-up grasps whose JSON part is some text."""
    return changed_grasps("meta", f"np.array({text[:1]!r} * {len(text)})")


def changed_grasps(array: str, change: str, stray: str = "") -> Maker:
    """Made-up grasps of which one array was changed by hand, by an expression in `a` and `np`.

    `stray` is the expression of an array that is added.
    """

    def make(folder: pathlib.Path) -> None:
        import numpy as np

        grasps(folder)
        with np.load(folder / "grasps.npz") as file:
            arrays = {name: file[name] for name in file.files}
        arrays[array] = eval(change, {"np": np, "a": arrays[array]})
        if stray:
            arrays["stray"] = eval(stray, {"np": np})
        np.savez(folder / "grasps.npz", **arrays)

    return make


def changed_meta(**fields: object) -> Maker:
    """Made-up grasps of which fields of the JSON part were changed; `object__mass` is nested."""

    def make(folder: pathlib.Path) -> None:
        import json

        import numpy as np

        grasps(folder)
        with np.load(folder / "grasps.npz") as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays["meta"]))
        for name, value in fields.items():
            *outer, last = name.split("__")
            place = meta
            for key in outer:
                place = place[key]
            place[last] = value
        arrays["meta"] = np.array(json.dumps(meta))
        np.savez(folder / "grasps.npz", **arrays)

    return make
