"""Draws the figures of the pages again: python docs/make_figures.py GRASPS.npz

GRASPS is a set of a mug by the Allegro hand, as `make demo` makes it.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw

import zdg_jax as zdg
from zdg_jax.rendering import Camera, Shape, arrows, posed_hand_shapes, render, text
from zdg_jax.rendering.colors import OBJECT, PALM_BEHIND

IMAGES = pathlib.Path(__file__).parent / "images"
AXES = {"x": (0.80, 0.15, 0.15), "y": (0.15, 0.60, 0.20), "z": (0.20, 0.30, 0.85)}
LENGTH = 0.05
SIZE = (1100, 720)
TOWARDS = np.array([-0.45, -0.8, 0.5])


def frames(grasps: zdg.GraspSet, hand: zdg.Hand, number: int) -> None:
    """Draws the object's frame and the hand's root, with their names."""
    pose = grasps.grasp[number]
    thing = Shape(vertices=grasps.object.vertices, faces=grasps.object.faces, color=OBJECT)
    qpos = np.asarray(pose.qpos, float)
    links = posed_hand_shapes(hand, qpos, finger_colors=True, color=PALM_BEHIND, opacity=0.55)
    places = {"object frame": np.eye(4), "root of the hand": pose.matrix()}
    triads, words = [], []
    for name, matrix in places.items():
        origin = matrix[:3, 3]
        words.append((name, origin - 0.012 * matrix[:3, 2]))
        for k, (axis, color) in enumerate(AXES.items()):
            tip = origin + LENGTH * matrix[:3, k]
            triads.append(arrows(origin[None], tip[None], 0.0016, color, label=5))
            words.append((axis, origin + 1.15 * LENGTH * matrix[:3, k]))
    shapes = [thing, *links, *triads]
    points = np.concatenate([shape.vertices for shape in shapes])
    camera = Camera.around(points, TOWARDS, aspect=SIZE[0] / SIZE[1])
    image = render(shapes, camera, *SIZE).image()
    front = render(triads, camera, *SIZE)  # axes inside of things are seen all the same
    mask = Image.fromarray(np.where(front.label >= 0, 255, 0).astype(np.uint8))
    image.paste(front.image(), (0, 0), mask)
    draw = ImageDraw.Draw(image)
    pixels, _ = camera.project(np.array([place for _, place in words]), *SIZE)
    for (name, _), (x, y) in zip(words, pixels, strict=True):
        color = text.as_color(AXES.get(name, (0.1, 0.12, 0.16)))
        size = 26 if name in AXES else 21
        text.write(draw, (float(x), float(y)), name, size, color, anchor="mm", halo=3)
    save(image, "frames.png")


def stages(grasps: zdg.GraspSet, hand: zdg.Hand, number: int) -> None:
    """Draws pregrasp, grasp and squeeze beside one another, from one side."""
    names = ("pregrasp", "grasp", "squeeze")
    thing = Shape(vertices=grasps.object.vertices, faces=grasps.object.faces, color=OBJECT)
    scenes = []
    for name in names:
        qpos = np.asarray(getattr(grasps, name).qpos, float)[number]
        scenes.append([thing, *posed_hand_shapes(hand, qpos, finger_colors=True)])
    points = np.concatenate([shape.vertices for scene in scenes for shape in scene])
    width, height = 440, 400
    camera = Camera.around(points, TOWARDS, aspect=width / height)
    sheet = Image.new("RGB", (3 * width, height + 40), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for k, (name, scene) in enumerate(zip(names, scenes, strict=True)):
        sheet.paste(render(scene, camera, width, height).image(), (k * width, 0))
        text.write(draw, ((k + 0.5) * width, height + 20), name, 22, anchor="mm")
    save(sheet, "stages.png")


def save(image: Image.Image, name: str) -> None:
    """Writes a picture of few colours, which is small."""
    image.quantize(256, kmeans=2).save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    loaded = zdg.GraspSet.load(sys.argv[1])
    first = int(loaded.ranking[0])
    for figure in (frames, stages):
        figure(loaded, loaded.load_hand(), first)
