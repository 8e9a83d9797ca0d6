"""Pictures without a display: ray casting on the processor, shading in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.rendering.camera import Camera
    from zdg_jax.rendering.hand_shapes import posed_hand_shapes
    from zdg_jax.rendering.hand_sheet import hand_picture
    from zdg_jax.rendering.movie import check_film_path, save_film
    from zdg_jax.rendering.picture import Picture, PictureStyle, PreparedShapes, render
    from zdg_jax.rendering.primitives import arrows, balls
    from zdg_jax.rendering.shape import Shape
    from zdg_jax.rendering.sheet import grasp_picture, grasp_sheet, pose_sheet

__all__ = [
    "Camera",
    "Picture",
    "PictureStyle",
    "PreparedShapes",
    "Shape",
    "arrows",
    "balls",
    "check_film_path",
    "grasp_picture",
    "grasp_sheet",
    "hand_picture",
    "pose_sheet",
    "posed_hand_shapes",
    "render",
    "save_film",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Camera": "camera",
        "Picture": "picture",
        "PictureStyle": "picture",
        "PreparedShapes": "picture",
        "Shape": "shape",
        "arrows": "primitives",
        "balls": "primitives",
        "check_film_path": "movie",
        "grasp_picture": "sheet",
        "grasp_sheet": "sheet",
        "hand_picture": "hand_sheet",
        "pose_sheet": "sheet",
        "posed_hand_shapes": "hand_shapes",
        "render": "picture",
        "save_film": "movie",
    },
)
