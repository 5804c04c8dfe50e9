"""A table's columns change only with the workspace's format, and each format can be left again.

tests/kept/formats.json lists the tables of every format. A change of a schema raises
`curate.workspace.FORMAT`, adds a migration and is blessed into that file; where the present
format was released, nothing may change any more.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from curate.schema import arrow_schema, json_schema, key_of, schema_names
from curate.verbs.migrate.run import MIGRATIONS
from curate.workspace import FORMAT

KEPT = Path(__file__).parents[1] / "kept"
FILE = KEPT / "formats.json"


def _now() -> dict[str, Any]:
    """Return the tables as they are declared now."""
    return {
        name: {
            "store": json_schema(name)["x-store"],
            "key": list(key_of(name)),
            "columns": {
                field.name: f"{field.type}{'' if field.nullable else ' required'}"
                for field in arrow_schema(name)
            },
        }
        for name in schema_names()
        if "x-store" in json_schema(name)
    }


def _listed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def test_schemas_are_those_of_the_format() -> None:
    """Whoever changes a table's columns raises the format and writes a migration."""
    listed = _listed()
    if os.environ.get("CURATE_BLESS") and FORMAT not in listed["released"]:
        listed["tables"][str(FORMAT)] = _now()
        FILE.write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    assert _listed()["tables"][str(FORMAT)] == _now(), (
        "raise curate.workspace.FORMAT, write a migration under curate/verbs/migrate/, keep a "
        "workspace of the format before (tests/kept/make.py), and run `make bless`"
    )


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_each_earlier_format_is_kept_and_can_be_left(number: int) -> None:
    """A workspace of it is there for tests/acceptance/test_migrate.py, and a migration from it."""
    assert (KEPT / f"format-{number}.tar.xz").is_file()
    assert MIGRATIONS[number + 1]
    assert str(number) in _listed()["tables"]


def test_released_formats_are_all_but_the_present_one() -> None:
    """No format is skipped, and what was released stays as it was."""
    assert set(_listed()["released"]) >= set(range(1, FORMAT))
