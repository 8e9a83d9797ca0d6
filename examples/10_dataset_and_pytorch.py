"""Make a small dataset in jobs that resume, and read it for training (PyTorch is optional).

python examples/10_dataset_and_pytorch.py [FOLDER]
"""

from __future__ import annotations

import importlib.util
import pathlib
import sys
import tempfile

import trimesh

from zdg_jax import datasets

SPEC = """
name: two-shapes
objects: [{path: meshes, mass: 0.1}]
hands: [allegro]
tasks: [pick it up]
grasps: {make: 16, keep: 4}
"""


def make(folder: pathlib.Path) -> None:
    """Make the dataset, or what is missing of it: kill it at any time and call it again."""
    (folder / "meshes").mkdir(exist_ok=True)
    trimesh.creation.box((0.05, 0.04, 0.06)).export(folder / "meshes" / "box.stl")
    trimesh.creation.icosphere(radius=0.03).export(folder / "meshes" / "ball.stl")
    (folder / "spec.yaml").write_text(SPEC)
    print(datasets.make(folder / "spec.yaml", folder / "dataset"))
    print(datasets.merge(folder / "dataset"))


def main(folder: pathlib.Path) -> float | None:
    """Read the dataset: its yield, a filter, and a batch of rows for a network."""
    data = datasets.open(folder)
    print(datasets.Statistics.of(data))
    print(data.filter(held=True, object="box").to_table(["object_name", "score"]))
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    rows = data.torch(["grasp_position", "grasp_quaternion", "grasp_joints", "held"])
    *pose, held = next(iter(torch.utils.data.DataLoader(rows, batch_size=16))).values()
    features = torch.cat(pose, dim=1)
    guess = torch.nn.Linear(features.shape[1], 1)(features)[:, 0]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(guess, held.float())
    loss.backward()
    return float(loss.detach())


if __name__ == "__main__":
    place = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    make(place)
    print(main(place / "dataset"))
