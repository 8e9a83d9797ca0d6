"""Pictures without a display: ray casting on the processor, shading in numpy."""

from zdg_jax.rendering.anatomy import hand_picture
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.hands import posed_hand_shapes
from zdg_jax.rendering.movie import check_film_path, save_film
from zdg_jax.rendering.picture import Picture, Stage, Style, render
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.sheet import grasp_picture, grasp_sheet
from zdg_jax.rendering.solids import arrows, balls

__all__ = [
    "Camera",
    "Picture",
    "Shape",
    "Stage",
    "Style",
    "arrows",
    "balls",
    "check_film_path",
    "grasp_picture",
    "grasp_sheet",
    "hand_picture",
    "posed_hand_shapes",
    "render",
    "save_film",
]
