"""The spec of a dataset: which objects, hands and tasks, how many grasps, and which tests."""

from __future__ import annotations

import json
import pathlib
from typing import Annotated, Any, Literal

import pydantic
from pydantic import ConfigDict, Field

from zdg_jax.errors import InputError
from zdg_jax.planning.field_types import Direction
from zdg_jax.planning.grasp_plan import explain
from zdg_jax.runtime.files import read_limited

_MAX_BYTES = 20_000_000
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
_Task = Annotated[str, Field(min_length=1, max_length=2000)]
Test = Literal["carry", "six_directions", "lift", "use"]


class _Model(pydantic.BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ObjectSource(_Model):
    """Meshes, and what is known of all of them."""

    path: str
    """A mesh, a folder that is searched for meshes, a glob such as `meshes/**/*.stl`, or a table
    `.csv` with a column `path` and, where known, `name` and the fields below; relative to the
    spec."""
    scale: _Positive | None = None
    """Factor from the files' unit to metres; what a file states, or 1, if not given."""
    mass: _Positive | None = None
    """[kg]; the planner's estimate if not given."""
    friction: _Positive = 0.6
    """Sliding friction coefficient."""
    up: Direction | None = None
    """Direction that points up when the object stands, object frame."""
    parts: str = "auto"
    """`auto`, `geometry`, or a file with a label for each face, see `Object.from_mesh`."""


class HandSource(_Model):
    """A hand under a name of its own."""

    name: _Name
    """Name in the dataset."""
    path: str
    """Shipped name, or an MJCF or URDF file; relative to the spec."""


class TaskFile(_Model):
    """Tasks that differ from object to object."""

    file: str
    """A table `.csv` with the columns `object` (a name) and `task`; relative to the spec."""


class GraspCounts(_Model):
    """How many grasps a job makes, tests and keeps."""

    make: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Grasps that one call of the synthesis returns."""
    keep: Annotated[int, Field(ge=1, le=100_000)] = 16
    """Grasps to mark as kept at most: the best that hold and differ."""
    test: Literal["all", "until_kept"] = "all"
    """Test all of them, or the best first until `keep` that differ hold."""
    until: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Make more until so many hold and differ; one call's worth if not given."""
    at_most: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    """Grasps at which a job with `until` ends all the same."""


class DatasetSpec(_Model):
    """What a dataset holds. Every object is grasped by every hand for every task of its."""

    name: _Name
    """Name of the dataset."""
    license: str = "unknown"
    """Licence of the dataset, as an SPDX identifier where there is one."""
    description: str = ""
    """A few sentences for the data card."""
    objects: Annotated[list[ObjectSource], Field(min_length=1)]
    """The objects."""
    hands: Annotated[list[str | HandSource], Field(min_length=1)]
    """Shipped names and files of hands."""
    tasks: Annotated[list[_Task], Field(min_length=1)] | TaskFile
    """Tasks in words for every object, or a file of them."""
    grasps: GraspCounts = GraspCounts()
    """Counts of a job."""
    tests: list[Test] = Field(default=["carry"], max_length=4)
    """Tests in physics: `carry`, `six_directions`; `lift` where there is a table, and the default
    there; `use`, the deed of the plan where it has one, not as the first. The first decides what
    holds; of what holds, what also does the deed is kept if anything does. Without a test nothing
    is tested."""
    planner: str = "rules"
    """`rules`, or a model: gemini[:MODEL], openai[:MODEL]."""
    scene: Literal["none", "table"] = "none"
    """Surroundings of the object: `none`, it floats; `table`, it stands on one, with `up` of the
    object up, or what its plan takes for that."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Same spec, same grasps on the same machine."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _lift_from_a_table(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("scene") == "table" and "tests" not in values:
            return {**values, "tests": ["lift"]}
        return values

    @pydantic.field_validator("planner")
    @classmethod
    def _known_planner(cls, value: str) -> str:
        if value.partition(":")[0] not in ("rules", "gemini", "openai"):
            raise ValueError("no such planner; there are rules, gemini[:MODEL], openai[:MODEL]")
        return value

    @pydantic.model_validator(mode="after")
    def _agree(self) -> DatasetSpec:
        if self.grasps.until is not None and not self.tests:
            raise ValueError("grasps.until counts grasps that hold: name a test")
        if len(set(self.tests)) < len(self.tests):
            raise ValueError("tests: one is named twice")
        if "lift" in self.tests and self.scene != "table":
            raise ValueError("tests: a lift needs something to lift from: scene: table")
        if self.tests[:1] == ["use"]:
            raise ValueError("tests: not every plan is for a deed: name another test before use")
        return self

    @classmethod
    def load(cls, path: str | pathlib.Path) -> DatasetSpec:
        """Reads a spec from YAML or JSON.

        Args:
            path: the file.

        Raises:
            InputError: it cannot be read, or does not fit the schema.
        """
        path = pathlib.Path(path)
        try:
            text = read_limited(path, _MAX_BYTES).decode()
        except FileNotFoundError:
            raise InputError(f"no file {path}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the spec {path}: {error}") from None
        return cls.from_text(text, source=str(path))

    @classmethod
    def from_text(cls, text: str, *, source: str = "the spec") -> DatasetSpec:
        """Reads a spec from YAML or JSON.

        Args:
            text: the spec.
            source: name of its origin, for messages.

        Raises:
            InputError: it is no YAML, or does not fit the schema.
        """
        import yaml

        try:
            return cls.model_validate(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise InputError(f"{source} is no YAML: {' '.join(str(error).split())}") from None
        except RecursionError:
            raise InputError(f"{source} is no spec of a dataset: it is nested too deeply") from None
        except pydantic.ValidationError as error:
            raise InputError(f"{source} is no spec of a dataset: {explain(error)}") from None

    def canonical(self) -> str:
        """Returns the spec as JSON of one form: equal specs, equal texts."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


def spec_schema() -> dict[str, Any]:
    """Gives the JSON schema of a spec, as it is published in `spec.schema.json`."""
    return DatasetSpec.model_json_schema()
