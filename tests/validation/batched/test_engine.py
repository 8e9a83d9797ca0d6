"""The engines for many grasps at once, stepped by the C engine: all but the program itself."""

from __future__ import annotations

import dataclasses

import jax
import mujoco
import numpy as np
import pytest

from tests.validation.gripper import (
    OPEN,
    PUSHING,
    TOUCHING,
    Ball,
    Gripper,
    above,
    by_grasp,
    closing,
)
from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.validation import (
    Engine,
    HoldProtocol,
    LiftProtocol,
    Reason,
    Settling,
    UseProtocol,
    carry,
    six_directions,
)
from zdg_jax.validation.batched.engine import BatchedEngine
from zdg_jax.validation.batched.program import Program, State
from zdg_jax.validation.deeds import Deed, Step
from zdg_jax.validation.lifting import surroundings_of
from zdg_jax.validation.scene import CompiledScene, build

UNTRIED = Settling(trial=0.0)
"""No trials without noslip iterations, which the C engine alone makes."""


class CProgram(Program):
    """Steps of the C engine, one rollout after the other."""

    def __init__(self, scene: CompiledScene, batch: int, misses: int = -1) -> None:
        self._scene, self.batch, self._misses = scene, batch, misses
        self.calls = 0

    def run(self, state: State, wrench: np.ndarray, steps: int) -> tuple[State, np.ndarray]:
        rows = [self._one(jax.tree.map(lambda leaf, k=k: leaf[k], state), wrench[k], steps)
                for k in range(self.batch)]  # fmt: skip
        self.calls += 1
        after = jax.tree.map(lambda *leaves: np.stack(leaves), *rows)
        return after, np.full(self.batch, self.calls == self._misses)

    def _one(self, state: State, wrench: np.ndarray, steps: int) -> State:
        data = mujoco.MjData(self._scene.model)
        for name in ("qpos", "qvel", "act", "ctrl", "mocap_pos", "mocap_quat"):
            getattr(data, name)[:] = getattr(state, name)
        data.qacc_warmstart[:] = state.warmstart
        data.xfrc_applied[self._scene.object_body] = wrench
        mujoco.mj_step(self._scene.model, data, nstep=steps)
        return dataclasses.replace(
            state,
            qpos=data.qpos.copy(),
            qvel=data.qvel.copy(),
            act=data.act.copy(),
            warmstart=data.qacc_warmstart.copy(),
        )


class CBatchedEngine(BatchedEngine):
    name = "c-batched"
    kinds = (HoldProtocol, LiftProtocol)

    def __init__(
        self,
        hand: Gripper,
        obj: Ball,
        protocol: HoldProtocol | LiftProtocol,
        *,
        batch: int,
        misses: int = -1,
    ) -> None:
        super().__init__(hand, obj, protocol)
        around = surroundings_of(protocol, obj) if isinstance(protocol, LiftProtocol) else None
        scene = build(hand, obj, protocol.physics, protocol.solver, surroundings=around)
        self._use(scene, CProgram(scene, batch, misses))


@pytest.mark.parametrize("protocol", [six_directions, carry], ids=lambda protocol: protocol.name)
@pytest.mark.parametrize("batch", [2, 5])
def test_verdicts_are_those_of_one_grasp_at_a_time(
    gripper: Gripper, ball: Ball, poses: Poses, protocol: HoldProtocol, batch: int
) -> None:
    physics = Physics(torque_limit=0.8)
    protocol = dataclasses.replace(protocol, physics=physics, settling=UNTRIED)
    expected = Engine(gripper, ball, protocol).run(poses)
    result = CBatchedEngine(gripper, ball, protocol, batch=batch).run(poses)
    assert expected.held.any()
    assert not expected.held.all()
    assert result.reasons == expected.reasons
    assert result.held.tolist() == expected.held.tolist()
    # Pulls of a grasp that failed may have run side by side: held ones are compared in full.
    for name in ("drift", "turn", "slip", "survived_loads", "tested", "steps", "contacts"):
        np.testing.assert_allclose(
            getattr(result, name)[result.held], getattr(expected, name)[result.held], atol=1e-4
        )
    np.testing.assert_allclose(result.force[result.held], expected.force[result.held], rtol=0.01)


@pytest.mark.parametrize("when", [3, 22])
def test_a_grasp_of_which_a_contact_was_missed_is_tested_by_the_c_engine(
    gripper: Gripper, ball: Ball, poses: Poses, when: int
) -> None:
    """While the hand closes, and in a pull, of which there are those after 20 stages."""
    protocol = dataclasses.replace(six_directions, settling=UNTRIED)
    expected = Engine(gripper, ball, protocol).run(poses)
    engine = CBatchedEngine(gripper, ball, protocol, batch=6, misses=when)
    result = engine.run(poses)
    assert engine.program.calls >= when
    assert (result.reason != Reason.NOT_TESTED).all()
    held = np.flatnonzero(expected.held)
    for name in ("held", "reason", "drift", "turn", "failed_at", "steps"):
        np.testing.assert_array_equal(getattr(result, name)[held], getattr(expected, name)[held])
    assert result.reasons == expected.reasons
    assert result.backend == "c-batched"


@pytest.fixture(scope="module")
def lifts() -> Poses:
    """Grasps from above: two that lift, one by a known way; one that closes on nothing, one that
    slips, one that knocks the ball away, one in the table, and one that is not finite."""
    ways = [(OPEN, TOUCHING, PUSHING)] * 7
    ways[1], ways[2] = (0.3, 0.3, 0.3), (OPEN, TOUCHING, TOUCHING - 0.02)
    rows = by_grasp([tuple(above(a) for a in way) for way in ways])
    pregrasp, grasp, squeeze = (np.array(qpos) for qpos in rows.qpos)
    pregrasp[4, 2] = grasp[4, 2] = squeeze[4, 2] = 0.09
    squeeze[5] = np.nan
    approach = np.repeat(pregrasp[:, None], 3, axis=1)
    approach[:, 0, 2] += 0.1
    approach[:, 1, 2] += 0.04
    approach[3, :2, :3] = [[0.3, 0, 0.0], [-0.1, 0, 0.0]]
    return Poses.from_qpos(pregrasp, grasp, squeeze, approach)


@pytest.mark.parametrize("batch", [2, 5])
def test_lifts_are_those_of_one_grasp_at_a_time(
    gripper: Gripper, ball: Ball, lifts: Poses, batch: int
) -> None:
    """With more than two grasps a slot, and with fewer."""
    heavy = dataclasses.replace(ball, mass=2.0)
    protocol = LiftProtocol(hold_time=0.2, shake_time=0.6)
    expected = Engine(gripper, heavy, protocol).run(lifts)
    result = CBatchedEngine(gripper, heavy, protocol, batch=batch).run(lifts)
    assert expected.reasons[:3] == ["held", "never touched", "slipped"]
    assert len(set(expected.reasons)) == 6
    assert result.reasons == expected.reasons
    for name in ("tested", "survived_loads", "contacts", "steps"):
        np.testing.assert_array_equal(getattr(result, name), getattr(expected, name))
    for name in ("drift", "turn", "closing_drift", "failed_at", "pregrasp_penetration"):
        np.testing.assert_allclose(getattr(result, name), getattr(expected, name), atol=1e-4)


def test_a_lift_of_which_a_contact_was_missed_is_tested_by_the_c_engine(
    gripper: Gripper, ball: Ball, lifts: Poses
) -> None:
    expected = Engine(gripper, ball, LiftProtocol()).run(lifts[:2])
    engine = CBatchedEngine(gripper, ball, LiftProtocol(), batch=2, misses=10)
    result = engine.run(lifts[:2])
    assert engine.program.calls == 10
    assert result.reasons == expected.reasons
    np.testing.assert_array_equal(result.drift, expected.drift)


def test_other_protocols_are_refused(gripper: Gripper, ball: Ball) -> None:
    protocol = UseProtocol(deed=Deed(name="wave", steps=(Step(name="up", time=1.0),)))
    with pytest.raises(InputError, match="'c-batched' has no protocol 'use'; use backend"):
        CBatchedEngine(gripper, ball, protocol, batch=1)  # type: ignore[arg-type]


def test_chunks_come_in_order(gripper: Gripper, ball: Ball) -> None:
    engine = CBatchedEngine(gripper, ball, six_directions, batch=2)
    parts = [(part.start, part.stop) for part, _ in engine.stream(closing([PUSHING] * 3))]
    assert parts == [(0, 2), (2, 3)]
