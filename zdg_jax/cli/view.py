"""`zdg view`: a set of grasps, an object, a hand or a plan, in the browser."""

from __future__ import annotations

import pathlib
import re
from typing import TYPE_CHECKING

import click

from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.protocol_options import PROTOCOLS, ProtocolChoice, protocol_options
from zdg_jax.errors import InputError
from zdg_jax.viewer.address import HOST, PORT

if TYPE_CHECKING:
    from zdg_jax.objects import Object
    from zdg_jax.viewer import Viewer

KINDS = ("grasps", "object", "hand", "plan")
_HAND_FILE = re.compile(r"\.(xml|urdf)(:.*)?$", re.IGNORECASE)


@click.command(short_help="Show grasps, an object, a hand or a plan in the browser.")
@click.argument("what")
@click.argument("others", nargs=-1, type=FOLDER)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["auto", *KINDS]),
    default="auto",
    show_default=True,
    help="What WHAT is; by its name if not given.",
)
@click.option("--hand", help="Hand of the grasps if the recorded one has moved.")
@click.option("--object", "mesh", type=FOLDER, help="Mesh that a plan is for.")
@click.option("--scale", type=float, help="From a mesh's units to metres.")
@protocol_options
@click.option("--host", default=HOST, show_default=True, help="Address to listen at.")
@click.option("--port", default=PORT, show_default=True, help="Port; the next free one if in use.")
@click.option("--open", "opens", is_flag=True, help="Open the page in this machine's browser.")
def view(
    what: str,
    others: tuple[pathlib.Path, ...],
    kind: str,
    hand: str | None,
    mesh: pathlib.Path | None,
    scale: float | None,
    choice: ProtocolChoice,
    host: str,
    port: int,
    opens: bool,
) -> None:
    """Show WHAT in the browser until Ctrl-C: grasps, an object, a hand or a plan.

    \b
    zdg view mug/grasps.npz                      a set: list, motion, physics
    zdg view a/grasps.npz b/grasps.npz           sets side by side
    zdg view mug.stl                             parts and convex pieces
    zdg view allegro                             joints, palm, what was derived
    zdg view plan/plan.json --object mug.stl     what is held and avoided

    The page's address is printed; it is reached from this machine alone unless --host says
    otherwise. Over ssh: ssh -L 8090:localhost:8090 MACHINE, then open the address at home.
    --protocol and the options of physics choose the test that the page offers to play first.
    """
    kind = _kind(what) if kind == "auto" else kind
    if others and kind != "grasps":
        raise InputError(f"{others[0]}: only sets of grasps are shown side by side")
    if kind == "grasps":
        viewer = _view_grasps([pathlib.Path(what), *others], hand, choice, host, port)
    elif kind == "hand":
        from zdg_jax.hand import Hand
        from zdg_jax.viewer import view_hand

        viewer = view_hand(Hand.load(what), host=host, port=port)
    elif kind == "object":
        from zdg_jax.viewer import view_object

        viewer = view_object(_load(pathlib.Path(what), scale), host=host, port=port)
    else:
        viewer = _view_plan(pathlib.Path(what), mesh, scale, host, port)
    click.echo(f"{viewer.url}  (Ctrl-C ends it)")
    if opens:
        click.launch(viewer.url)
    try:
        viewer.wait()
    except KeyboardInterrupt:
        viewer.stop()


def _kind(what: str) -> str:
    """Tells by its name what something is."""
    from zdg_jax.hand import shipped_hands

    if what.endswith(".npz"):
        return "grasps"
    if what.endswith(".json"):
        return "plan"
    if what.split(":")[0] in shipped_hands() or _HAND_FILE.search(what):
        return "hand"
    if not pathlib.Path(what).suffix:
        raise InputError(
            f"'{what}' is no set (.npz), plan (.json), mesh or hand; shipped hands: "
            + ", ".join(shipped_hands())
        )
    return "object"


def _view_grasps(
    paths: list[pathlib.Path], hand: str | None, choice: ProtocolChoice, host: str, port: int
) -> Viewer:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.viewer import view_grasps

    sets = [GraspSet.load(path) for path in paths]
    usual = choice.name == PROTOCOLS[0] and not choice.physics.words
    return view_grasps(
        sets,
        hand=hand,
        protocol=None if usual else choice.build(sets[0]),
        names=[str(path) for path in paths],
        host=host,
        port=port,
    )


def _view_plan(
    path: pathlib.Path, mesh: pathlib.Path | None, scale: float | None, host: str, port: int
) -> Viewer:
    from zdg_jax.planning import GraspPlan
    from zdg_jax.viewer import view_object, view_plan

    plan = GraspPlan.load(path)
    if mesh is None:
        pictures = sorted((path.parent / f"{path.stem}-images").glob("*.png"))
        return view_plan(plan, pictures=pictures, host=host, port=port)
    obj = _load(mesh, scale)
    if plan.mesh_hash is not None and plan.mesh_hash != obj.mesh_hash:
        raise InputError(f"{path} is for another mesh, or another scale of it, than {mesh}")
    return view_object(obj, plan=plan, host=host, port=port)


def _load(mesh: pathlib.Path, scale: float | None) -> Object:
    from zdg_jax.cli.options import load_object
    from zdg_jax.cli.progress import Bars

    with Bars() as bars:
        return load_object(mesh, scale, None, bars)
