"""Pictures without a display: ray casting on the processor, shading in numpy."""

from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.picture import Picture, Style, render
from zdg_jax.rendering.shape import Shape

__all__ = ["Camera", "Picture", "Shape", "Style", "render"]
