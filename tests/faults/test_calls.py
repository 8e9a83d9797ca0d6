"""Calls of the Python API with arguments of another kind: one `InputError` that says which."""

from __future__ import annotations

import pathlib
from typing import Any

import jax
import numpy as np
import pytest
import trimesh

import zdg_jax as zdg
from tests.faults import inputs
from zdg_jax import datasets
from zdg_jax.errors import InputError

CALLS = [
    ("make(num='32')", "num is '32'; a whole number"),
    ("make(num=2.5)", "num is 2.5; a whole number"),
    ("make(num=True)", "num is True"),
    ("make(num=0)", "num is 0"),
    ("make(num=10**12)", "num is 1000000000000"),
    ("make(keep=2.5)", "keep is 2.5"),
    ("make(keep=-1)", "keep is -1"),
    ("make(key=0)", "jax.random.key"),
    ("make(key=jax.random.split(jax.random.key(0)))", r"shape \(2,\)"),
    ("make(key=np.zeros(2, np.uint32))", "jax.random.key"),
    ("make(task=None)", "task is of the type NoneType"),
    ("make(task=b'lift')", "task is of the type bytes"),
    ("make(task='  ')", "task is empty"),
    ("make(task='lift \\udcff')", "UTF-8|characters|text"),
    ("make(task='x' * 3000)", "2,?000"),
    ("make(obj=hand, hand=obj)", "Object.from_mesh"),
    ("make(obj='mug.stl')", "Object.from_mesh"),
    ("make(hand='allegro')", "Hand.load"),
    ("make(hand=None)", "Hand.load"),
    ("make(planner='rulez')", "rulez"),
    ("make(planner=3)", "planner"),
    ("make(physics={'mass': 1})", "physics"),
    ("make(physics=zdg.Physics(mass=-1))", "mass is -1"),
    ("make(physics=zdg.Physics(friction=float('nan')))", "friction is nan"),
    ("make(scene='table')", "scene"),
    ("make(test='carry')", "test"),
    ("make(config={'alignment': 1})", "config"),
    ("zdg.Hand.load(3)", "hand|path"),
    ("zdg.Hand.load(None)", "hand|path"),
    ("zdg.Hand.load(pathlib.Path('.'))", "no file|no hand"),
    ("zdg.Hand.load('')", "no hand|name"),
    ("zdg.Hand.load(path, scale='mm')", "scale=mm"),
    ("zdg.Hand.load(path, drive=-1)", "drive=-1"),
    ("zdg.Hand.load(path, overrides=[1])", "overrides"),
    ("zdg.Object.from_mesh(None)", "cannot make an object of NoneType"),
    ("zdg.Object.from_mesh(trimesh.creation.box(), mass='1 kg')", "mass"),
    ("zdg.Object.from_mesh(trimesh.creation.box(), scale=0)", "scale 0"),
    ("zdg.Object.from_mesh(trimesh.creation.box(), friction=-1)", "friction"),
    ("zdg.Object.from_mesh(trimesh.creation.box((.1,) * 3), pieces=0)", "pieces"),
    ("zdg.Object.from_mesh(trimesh.creation.box((.1,) * 3), parts=3)", "face labels"),
    ("zdg.plan(None, obj, hand)", "task"),
    ("zdg.plan('lift', 'box.stl', hand)", "Object.from_mesh"),
    ("zdg.plan('lift', obj, 'allegro')", "Hand.load"),
    ("grasps.validate('carry')", "protocol|carry"),
    ("grasps[100]", "100"),
    ("grasps['a']", "indices|'a'"),
    ("grasps.grasp.joint('elbow')", "elbow"),
    ("grasps.best(-1)", "-1"),
    ("grasps.best('a')", "n is 'a'; a whole"),
    ("grasps.with_kept([99])", "99"),
    ("zdg.GraspSet.load(3)", "path|file|int"),
    ("zdg.GraspSet.load(None)", "path|file|None"),
    ("grasps.save('no/such/\\0/g.npz')", "cannot write|null"),
    ("grasps.validate(hand=3)", "hand"),
    ("datasets.open(3)", "folder is of the type int"),
    ("datasets.open('')", "folder is empty"),
    ("datasets.open(path)", "no folder"),
    ("zdg.export_grasps(None, 'o')", "GraspSet.load"),
    ("zdg.export_grasps(grasps, 3)", "out is of the type int"),
    ("zdg.export_grasps(grasps, 'o', format=['csv'])", "no format"),
    ("zdg.export_grasps(grasps, 'o', joint_order=3)", "joint_order"),
    ("zdg.export_grasps(grasps, 'o', format='csv', hand='alegro')", "alegro"),
    ("zdg.write_report(3, 'r.html')", "GraspSet.load"),
    ("grasps.validate(engine='mjx')", "EngineOptions"),
    ("grasps.validate(resume='')", "resume is empty"),
    ("grasps.picture('x.png')", "stands for no grasps"),
    ("grasps.view(port='x')", "port is 'x'"),
    ("grasps.view(host=3)", "host is of the type int"),
    ("grasps.view(host='')", "host is empty"),
    ("zdg.scenes.Scene(obstacles=[3])", "an obstacle"),
    ("zdg.scenes.Scene.from_mjcf(3)", "path is of the type int"),
    ("zdg.validation.load_program(3)", "path is of the type int"),
    ("zdg.validation.Load(name='a', force=(float('nan'), 0, 0))", "force of the load 'a'"),
    ("zdg.validation.Load(name='a', torque=(1, 2))", "torque of the load 'a'"),
    ("zdg.validation.HoldProtocol(name='a', loads=(3,))", "a load is of the type int"),
    ("zdg.validation.LiftProtocol(hold_time=float('nan'))", "hold_time is nan"),
    ("zdg.validation.LiftProtocol(height=-1)", "height is -1"),
    ("zdg.validation.LiftProtocol(scene='table')", "scene is of the type str"),
    ("zdg.validation.SolverOptions(timestep=0)", "timestep is 0"),
    ("zdg.task_wrench(3)", "loads is of the type int"),
    ("zdg.Physics(mass='1')", "mass is '1'"),
    ("zdg.GraspPlan.load(3)", "path is of the type int"),
    ("zdg.Object.from_mesh(trimesh.creation.box((.1,) * 3), name=3)", "name of the object"),
    ("zdg.Object.from_mesh(trimesh.creation.box((.1,) * 3), name='a\\x1b')", "printed"),
    ("obj.with_part(3, faces=[0])", "name of the part"),
    ("obj.with_part('a', box=3)", "two corners"),
    ("obj.with_part('a', planes=[3])", "its normal and its level"),
    ("make_saved({'x': float('nan')})", "provenance"),
    ("make_saved({(1, 2): 3})", "provenance"),
    ("make_saved({'x': object()})", "provenance"),
]
"""Calls, and what their errors say; `make` is `synthesize` with sound arguments."""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the calls name."""
    import dataclasses

    folder = tmp_path_factory.mktemp("calls")
    inputs.grasps_of_claw(folder)
    hand = zdg.Hand.load(folder / "hand.xml")
    obj = zdg.Object.from_mesh(trimesh.creation.box((0.05, 0.04, 0.06)))
    grasps = zdg.GraspSet.load(folder / "grasps.npz")
    sound: dict[str, Any] = {"task": "lift it", "obj": obj, "hand": hand, "num": 8, "keep": 2}
    sound |= {"planner": "rules"}

    def make(**changes: Any) -> Any:
        return zdg.synthesize(**(sound | changes))

    def make_saved(provenance: Any) -> Any:
        dataclasses.replace(grasps, provenance=provenance).save(folder / "o.npz")

    return {
        **{"zdg": zdg, "np": np, "jax": jax, "trimesh": trimesh, "pathlib": pathlib},
        **{"hand": hand, "obj": obj, "grasps": grasps, "make": make, "make_saved": make_saved},
        "datasets": datasets,
        "path": str(folder / "hand.xml"),
    }


@pytest.mark.parametrize(("call", "says"), CALLS)
def test_a_call_is_refused_by_the_name_of_its_argument(
    call: str, says: str, names: dict[str, Any]
) -> None:
    with pytest.raises((InputError, IndexError), match=says) as caught:
        eval(call, names)
    assert "\n" not in str(caught.value)
