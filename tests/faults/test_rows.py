"""Every row of faults ends in the right result or one clear line; `make test-faults` runs all."""

from __future__ import annotations

import pathlib

import pytest

from tests.faults.harness import Row, check
from tests.faults.rows import ROWS


def _parameters() -> list[object]:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    return [
        pytest.param(row, id=row.name, marks=() if row.quick else pytest.mark.faults)
        for row in ROWS
    ]


@pytest.mark.parametrize("row", _parameters())
def test_a_row_ends_as_it_should(row: Row, tmp_path: pathlib.Path) -> None:
    check(row, tmp_path)
