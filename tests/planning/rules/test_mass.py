"""Guesses of mass and material from a thing's name and size."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from tests.planning import things
from zdg_jax.planning.materials import Material
from zdg_jax.planning.rules.mass import MassGuess, guess_mass


def guess(mesh: trimesh.Trimesh, category: str = "", task: str = "pick it up") -> MassGuess:
    return guess_mass(
        category, task, np.asarray(mesh.vertices), np.asarray(mesh.faces), float(mesh.volume)
    )


@pytest.mark.parametrize(
    ("name", "low", "high", "material"),
    [
        ("bottle", 0.5, 1.1, Material.PLASTIC),
        ("oat carton", 0.5, 1.1, Material.PAPER),
        ("box", 0.2, 0.7, Material.PAPER),
        ("foam", 0.03, 0.12, Material.FOAM),
        ("dumbbell", 4.0, 10.0, Material.METAL),
    ],
)
def test_one_litre_weighs_by_its_kind(
    name: str, low: float, high: float, material: Material
) -> None:
    result = guess(things.box(0.1, 0.1, 0.1), name)
    assert low < result.mass < high
    assert result.material is material
    assert name.split()[-1] in result.evidence


def test_a_vessel_with_both_faces_of_its_wall_weighs_as_much_as_the_wall() -> None:
    tub = things.tub(0.045, 0.1, wall=0.004)
    assert guess(tub, "mug").mass == pytest.approx(2300 * tub.volume, rel=0.05)


def test_a_vessel_scanned_from_outside_weighs_as_much_as_its_shell() -> None:
    block = things.box(0.2, 0.2, 0.2)
    assert guess(block, "bucket").mass == pytest.approx(1050 * 0.0025 * 0.24, rel=0.05)


def test_surfaces_inside_a_closed_mesh_weigh_nothing() -> None:
    block, inner = things.box(0.2, 0.2, 0.2), things.box(0.19, 0.19, 0.19)
    twice = trimesh.util.concatenate([block, inner])
    volume = float(block.volume)
    guesses = [
        guess_mass("bucket", "", np.asarray(mesh.vertices), np.asarray(mesh.faces), volume).mass
        for mesh in (block, twice)
    ]
    assert guesses[0] == guesses[1]


def test_full_and_empty_count() -> None:
    tub = things.tub(0.05, 0.2)
    empty, full = guess(tub, "jug"), guess(tub, "jug", "lift the full jug")
    assert full.mass - empty.mass == pytest.approx(0.8 * 1000 * np.pi * 0.047**2 * 0.197, rel=0.1)
    block = things.box(0.1, 0.1, 0.1)
    assert guess(block, "bottle", "throw the empty bottle away").mass < 0.1


@pytest.mark.parametrize("name", ["flowerpot", "pots", "clay_pot_3"])
def test_compounds_and_plurals_are_of_their_heads_kind(name: str) -> None:
    assert guess(things.tub(0.05, 0.1), name).material is Material.CERAMIC


def test_the_task_names_a_thing_whose_file_does_not() -> None:
    block = things.box(0.05, 0.05, 0.2)
    assert guess(block, "mesh_17", "hand the wrench over").material is Material.METAL
    assert guess(block, "mesh_17", "pour it into the glass").material is Material.UNKNOWN
    assert guess(block, "mesh_17", "unscrew the cap").material is Material.UNKNOWN
    assert guess(block, "plank", "hand the wrench over").material is Material.WOOD


def test_a_thing_of_no_known_kind_is_guessed_by_size_alone() -> None:
    small, large = guess(things.box(0.03, 0.03, 0.03)), guess(things.box(0.15, 0.15, 0.15))
    assert 0.01 < small.mass < 0.04
    # Large things are mostly hollow: their density falls.
    assert large.mass / 0.15**3 < 0.6 * small.mass / 0.03**3
    assert "lacks" in small.evidence


def test_friction_keeps_a_margin_below_what_was_measured() -> None:
    assert Material.METAL.friction == pytest.approx(0.48)
    assert all(0.2 < material.friction < 0.8 for material in Material)
    assert max(Material, key=lambda material: material.friction) is Material.RUBBER
