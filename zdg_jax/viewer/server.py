"""The viewer's server: a page on this machine, and what is in it until it is stopped."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import threading
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.viewer.address import HOST, PORT, check_address

if TYPE_CHECKING:
    import viser

_AMBIENT = 1.5
_LAMPS = (("key", 2.6, (0.3, 0.9, 1.4)), ("fill", 1.2, (1.0, -0.3, 0.3)))
"""Lamps: name, strength, and where they stand, see `towards` in `Viewer.look_at`; the first casts
shadows. They are all the light: the surroundings that viser reflects in a scene take a browser
that draws in software nine seconds before its first picture."""


class Viewer:
    """A page in the browser. In a notebook it shows itself where it is a cell's result."""

    def __init__(self, title: str, *, host: str = HOST, port: int = PORT) -> None:
        """Starts to serve an empty page.

        Args:
            title: headline of the page's panel.
            host: address to listen at; 127.0.0.1 is reached from this machine alone.
            port: port; the next free one is taken where it is in use.

        Raises:
            InputError: viser is not installed, or nothing can be served at that address.
        """
        if importlib.util.find_spec("viser") is None:
            raise InputError("the viewer needs viser: pip install 'zdg-jax[viewer]'")
        import viser

        check_address(host, port)
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a box; a library does not
            self.server: viser.ViserServer = viser.ViserServer(
                host=host, port=port, label=title, verbose=False
            )
            """The server, to be added to."""
        self.server.gui.configure_theme(
            control_width="large",
            show_logo=False,
            show_share_button=False,  # it would open a tunnel through somebody's server
        )
        self.server.gui.main_panel.dock_right()
        self.server.scene.configure_environment_map(None)
        self.server.scene.configure_default_lights(False)
        self.server.scene.add_light_ambient("/lamps/ambient", intensity=_AMBIENT)
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Address of the page."""
        host = self.server.get_host()
        shown = {"0.0.0.0": "127.0.0.1", "::": "localhost"}.get(host, host)
        return f"http://{shown}:{self.server.get_port()}"

    def look_at(
        self,
        low: np.ndarray,
        high: np.ndarray,
        up: np.ndarray,
        *,
        towards: tuple[float, float, float] = (0.75, 0.55, 0.4),
    ) -> None:
        """Puts the camera where a box fills the page, and the lamps above and beside it.

        Args:
            low: least corner, (3,) [m].
            high: greatest corner, (3,) [m].
            up: direction that points up, (3,).
            towards: where the camera stands from the middle: along up x X, X and up, for up = Z.
        """
        middle, size = (low + high) / 2, float(np.linalg.norm(high - low))
        side = np.cross(up, [1.0, 0.0, 0.0] if abs(up[0]) < 0.9 else [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(side, up), up])
        self.server.scene.set_up_direction((float(up[0]), float(up[1]), float(up[2])))
        camera = self.server.initial_camera
        camera.position = middle + 1.1 * size * (towards @ axes)
        camera.look_at = middle
        camera.near, camera.fov = 0.01 * size, np.radians(50.0)
        for name, strength, place in _LAMPS:
            x, y, z = (float(value) for value in place @ axes)
            self.server.scene.add_light_directional(
                f"/lamps/{name}",
                intensity=strength,
                position=(x, y, z),
                cast_shadow=name == _LAMPS[0][0],
            )

    def wait(self) -> None:
        """Serves until the page is stopped, or Ctrl-C.

        Raises:
            KeyboardInterrupt: the user has seen enough.
        """
        while not self._ended.wait(0.5):
            pass

    def stop(self) -> None:
        """Ends the page."""
        self._ended.set()
        with contextlib.redirect_stdout(io.StringIO()):
            self.server.stop()

    def _repr_html_(self) -> str:
        """Frame of the page, for notebooks on this machine."""
        return (
            f'<iframe src="{self.url}" width="100%" height="640" style="border:1px solid #ddd">'
            f'</iframe><p><a href="{self.url}" target="_blank">{self.url}</a></p>'
        )

    def __repr__(self) -> str:
        """One line: where the page is."""
        return f"<Viewer at {self.url}>"
