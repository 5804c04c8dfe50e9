"""Derived tables: made once for each version of the catalogue, and never taken for another's."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from curate.catalog.derived import FOLDER, derived
from curate.catalog.tables import Catalog
from curate.schema import conform


class _Made:
    """Makes a table that says how often it was made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, pa.Table]:
        self.times += 1
        coded = pa.array(["a", "b", "a"]).dictionary_encode()
        return {"made": pa.table({"times": [self.times] * 3, "coded": coded})}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalogue with one label."""
    made = Catalog(tmp_path)
    made.append("labels", conform([_label("m1")], "labels"))
    return made


def _label(media: str) -> dict[str, str]:
    return {"media_id": media, "name": "authenticity", "value": "real", "origin": "declared"}


def _times(catalog: Catalog, make: _Made, *inputs: str) -> int:
    tables = derived(catalog, "counted", inputs or ("labels",), make)
    assert tables["made"]["coded"].to_pylist() == ["a", "b", "a"]
    return int(tables["made"]["times"][0].as_py())


def test_made_once_while_the_catalogue_stays(catalog: Catalog) -> None:
    """A second asking, by another handle on the same folder, reads what was kept."""
    make = _Made()

    assert [_times(catalog, make), _times(Catalog(catalog.folder), make)] == [1, 1]


def test_made_again_when_a_table_it_depends_on_changes(catalog: Catalog) -> None:
    """What is out of date goes; a change of any other table is none."""
    make = _Made()
    _times(catalog, make)
    catalog.append("rejections", conform([], "rejections"))
    assert _times(catalog, make) == 1

    catalog.append("labels", conform([_label("m2")], "labels"))

    assert _times(catalog, make) == 2
    assert len(list((catalog.folder / FOLDER).glob("counted-*"))) == 1


def test_a_table_that_was_removed_and_made_anew_is_another(
    catalog: Catalog, tmp_path: Path
) -> None:
    """Two tables may stand at one version: it is which table it is that counts, too."""
    make = _Made()
    _times(catalog, make)
    (catalog.folder / "labels").rename(tmp_path / "old")
    catalog.append("labels", conform([_label("m9")], "labels"))

    assert _times(catalog, make) == 2


def test_inputs_tell_two_askings_apart(catalog: Catalog) -> None:
    """The same name with other inputs is not the same thing."""
    make = _Made()

    assert [_times(catalog, make), _times(catalog, make, "labels", "media")] == [1, 2]


def test_what_was_made_by_another_recipe_is_made_again(catalog: Catalog) -> None:
    """A version that prepares more must not read what an older one kept."""
    make = _Made()

    for recipe in ("one", "two", "two"):
        derived(catalog, "counted", ("labels",), make, recipe=recipe)

    assert make.times == 2


def test_damaged_files_are_made_again(catalog: Catalog) -> None:
    """A file cut short is not read as less than it was."""
    make = _Made()
    _times(catalog, make)
    (kept,) = (catalog.folder / FOLDER).glob("counted-*/made.arrow")
    kept.write_bytes(kept.read_bytes()[:100])

    assert _times(catalog, make) == 2


def test_what_was_left_half_written_is_no_answer(catalog: Catalog) -> None:
    """A process that died while writing leaves a folder under another name."""
    make = _Made()
    (catalog.folder / FOLDER / ".partial-x").mkdir(parents=True)

    assert _times(catalog, make) == 1
