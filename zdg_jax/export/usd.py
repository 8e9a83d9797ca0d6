"""`usd`: the hand's way on the object as OpenUSD stages, for Isaac Sim, Blender or usdview.

    out/00000.usda ...      one stage per grasp, best first; its default prim is `/grasp`
    out/hand.usdc           the hand: a prim per link, below it the link's mesh
    out/object.usdc         the object's mesh
    out/around.usdc         table and obstacles, of grasps made in a scene

Lengths are in metres and z is up. Links stand in the object's frame, not in one another's. Time
codes 0, 24 and 36 are pregrasp, grasp and squeeze, -24 to 0 the approach where there is one; a
reader interpolates between them. The prim `/grasp/joints` has an attribute `joint:NAME` per
joint, with its positions at those times, and `names` and `order` say how the hand's MJCF calls
and counts them: USD knows no hyphens in names.
"""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.export.conventions import CONVENTIONS, approach_qpos, qpos_by_stage, verdicts
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import OBJECT, Color
from zdg_jax.rendering.scene_shapes import surrounding_shapes

NEEDS_HAND = True
STAGE_TIMES = {"pregrasp": 0.0, "grasp": 24.0, "squeeze": 36.0}
"""Time code at which each stage is reached."""
_APPROACH_TIME = -24.0
"""Time code at which an approach begins."""
MOST_FACES = 2500
"""Faces of a link at most."""


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the stages, see `zdg_jax.export.Format`.

    Raises:
        InputError: there is no hand, or usd-core is not installed.
    """
    if hand is None:
        raise InputError("a USD stage needs the hand itself: hand=... (--hand)")
    if importlib.util.find_spec("pxr") is None:
        raise InputError("USD stages need usd-core: pip install 'zdg-jax[usd]'")
    look = HandAppearance.of(hand)
    names = _identifiers(look.link_names)
    joints = _identifiers(look.joint_names)
    record = grasps.object
    _write_asset(out / "object.usdc", "object", {"mesh": (record.vertices, record.faces, OBJECT)})
    colors = look.link_colors()
    _write_asset(
        out / "hand.usdc",
        "hand",
        {
            names[mesh.link]: (
                *reduce_faces(mesh.vertices, mesh.faces, MOST_FACES),
                colors[mesh.link],
            )
            for mesh in look.meshes
        },
    )
    around = surrounding_shapes(grasps, grasps.scene)
    if around:
        named = {f"solid{k}": shape for k, shape in enumerate(around)}
        _write_asset(
            out / "around.usdc",
            "around",
            {name: (s.vertices, s.faces, s.single_color) for name, s in named.items()},
        )
    ways = _ways(grasps)
    held = verdicts(grasps)
    poses = {at: look.link_poses(qpos) for at, qpos in ways.items()}
    paths = []
    for i in range(len(grasps)):
        path = out / f"{i:05d}.usda"
        stage = _new_stage(path, "grasp")
        for name in ("object", "hand", *(["around"] if around else [])):
            stage.DefinePrim(f"/grasp/{name}").GetReferences().AddReference(f"./{name}.usdc")
        _say(stage, grasps, i, held[i])
        _animate(
            stage,
            {names[mesh.link]: mesh.link for mesh in look.meshes},
            {at: (places[i], turns[i]) for at, (places, turns) in poses.items()},
        )
        values = {at: qpos[i, 7:] for at, qpos in ways.items()}
        _add_joints(stage, look.joint_names, joints, values)
        stage.SetStartTimeCode(min(ways))
        stage.SetEndTimeCode(max(STAGE_TIMES.values()))
        _save(stage, path)
        paths.append(path)
    return paths


def _ways(grasps: GraspSet) -> dict[float, np.ndarray]:
    """Poses (n, 7 + j) of the hands by time code."""
    ways = {STAGE_TIMES[stage]: qpos for stage, qpos in qpos_by_stage(grasps).items()}
    approach = approach_qpos(grasps)
    if approach is not None:
        times = np.linspace(_APPROACH_TIME, 0.0, approach.shape[1])[:-1]  # the last is the pregrasp
        ways |= {float(at): approach[:, k] for k, at in enumerate(times)}
    return dict(sorted(ways.items()))


def _new_stage(path: pathlib.Path, name: str) -> Any:
    from pxr import Usd, UsdGeom

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, f"/{name}").GetPrim())
    return stage


def _save(stage: Any, path: pathlib.Path) -> None:
    """Saves a stage, whose own error is of fifty lines."""
    from pxr import Tf

    try:
        stage.Save()
    except Tf.ErrorException as error:
        raise InputError(f"OpenUSD cannot write {path.name}; is the disk full?") from error


def _write_asset(
    path: pathlib.Path, name: str, meshes: dict[str, tuple[np.ndarray, np.ndarray, Color]]
) -> None:
    """Writes meshes below one prim, each below a prim of its own that can be moved."""
    from pxr import Gf, UsdGeom, Vt

    stage = _new_stage(path, name)
    for own, (vertices, faces, color) in meshes.items():
        frame = UsdGeom.Xform.Define(stage, f"/{name}/{own}")
        frame.AddTranslateOp().Set(Gf.Vec3d(0.0))
        frame.AddOrientOp(UsdGeom.XformOp.PrecisionDouble).Set(Gf.Quatd(1.0))
        mesh = UsdGeom.Mesh.Define(stage, f"/{name}/{own}/mesh")
        points = np.ascontiguousarray(vertices, np.float32)
        mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(points))
        mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(faces), 3, np.int32)))
        corners = np.ascontiguousarray(faces, np.int32).ravel()
        mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(corners))
        mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
        mesh.CreateExtentAttr(
            Vt.Vec3fArray.FromNumpy(np.stack([points.min(axis=0), points.max(axis=0)]))
        )
        mesh.CreateDisplayColorAttr([Gf.Vec3f(*color)])
    _save(stage, path)


def _say(stage: Any, grasps: GraspSet, i: int, held: bool | None) -> None:
    """Writes what is known of a grasp onto the default prim."""
    from pxr import Sdf

    prim = stage.GetDefaultPrim()
    said = {"task": grasps.task, "hand": grasps.hand.name, "object": grasps.object.name}
    said["holds"] = {True: "yes", False: "no", None: "not tested"}[held]
    for name, text in said.items():
        prim.CreateAttribute(f"zdg:{name}", Sdf.ValueTypeNames.String).Set(text)
    prim.CreateAttribute("zdg:score", Sdf.ValueTypeNames.Double).Set(float(grasps.score[i]))
    prim.SetCustomDataByKey("zdg:conventions", {**CONVENTIONS, "order": "best grasp first"})


def _animate(
    stage: Any, links: dict[str, int], poses: dict[float, tuple[np.ndarray, np.ndarray]]
) -> None:
    """Writes where the links are at each time."""
    from pxr import Gf, Sdf

    for name, link in links.items():
        prim = stage.OverridePrim(f"/grasp/hand/{name}")
        place = prim.CreateAttribute("xformOp:translate", Sdf.ValueTypeNames.Double3)
        turn = prim.CreateAttribute("xformOp:orient", Sdf.ValueTypeNames.Quatd)
        for at, (positions, quaternions) in poses.items():
            w, *xyz = quaternions[link].tolist()
            place.Set(Gf.Vec3d(*positions[link].tolist()), at)
            turn.Set(Gf.Quatd(w, *xyz), at)


def _add_joints(
    stage: Any, names: tuple[str, ...], safe: list[str], values: dict[float, np.ndarray]
) -> None:
    from pxr import Sdf

    prim = stage.DefinePrim("/grasp/joints", "Scope")
    prim.CreateAttribute("names", Sdf.ValueTypeNames.StringArray).Set(list(names))
    prim.CreateAttribute("order", Sdf.ValueTypeNames.TokenArray).Set(safe)
    for k, name in enumerate(safe):
        attribute = prim.CreateAttribute(f"joint:{name}", Sdf.ValueTypeNames.Double)
        for at, row in values.items():
            attribute.Set(float(row[k]), at)


def _identifiers(names: tuple[str, ...]) -> list[str]:
    """Names as USD takes them, each once."""
    from pxr import Tf

    taken: list[str] = []
    for name in names:
        base = safe = Tf.MakeValidIdentifier(name)
        count = 1
        while safe in taken:
            count += 1
            safe = f"{base}_{count}"
        taken.append(safe)
    return taken
