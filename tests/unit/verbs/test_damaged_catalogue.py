"""A file of the catalogue that is truncated, missing or overwritten is told by every verb."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import curate
from curate.catalog.derived import derived
from curate.catalog.tables import Catalog
from curate.cli.main import main
from curate.errors import CatalogError
from curate.schema import conform
from tests.factories import day, depiction, media, whole

COMMANDS = (
    ["status"],
    ["audit"],
    ["run", "probe"],
    ["explain", "m1.jpg"],
    ["release", "build", "v1"],
    ["release", "list"],
    ["consent", "withdraw", "p1", "--yes"],
)


def _truncate(table: Path) -> None:
    file = next(table.glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-20])


def _empty(table: Path) -> None:
    next(table.glob("*.parquet")).write_bytes(b"")


def _remove(table: Path) -> None:
    next(table.glob("*.parquet")).unlink()


def _overwrite_the_end(table: Path) -> None:
    file = next(table.glob("*.parquet"))
    whole_file = file.read_bytes()
    file.write_bytes(whole_file[:-40] + bytes(40))


def _overwrite_the_rows(table: Path) -> None:
    file = next(table.glob("*.parquet"))
    whole_file = file.read_bytes()
    file.write_bytes(whole_file[:4] + b"\xff" * 400 + whole_file[404:])


def _remove_the_log(table: Path) -> None:
    shutil.rmtree(table / "_delta_log")


def _garble_the_log(table: Path) -> None:
    next((table / "_delta_log").glob("*.json")).write_bytes(b'{"add": 3}\n\xff')


def _plain_file(table: Path) -> None:
    shutil.rmtree(table)
    table.write_bytes(b"")


def _no_folder(table: Path) -> None:
    shutil.rmtree(table.parent)
    table.parent.write_bytes(b"")


DAMAGE = (
    _truncate,
    _empty,
    _remove,
    _overwrite_the_end,
    _overwrite_the_rows,
    _remove_the_log,
    _garble_the_log,
    _plain_file,
    _no_folder,
)


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace with an entry that shows a person."""
    made = curate.init(tmp_path / "ws")
    made.ledger.record("subjects", [whole("subjects") | {"subject_id": "p1"}], recorded_at=day(1))
    made.catalog.append("media", conform([media("m1.jpg")], "media"))
    made.catalog.append("depictions", conform([depiction(media("m1.jpg"), "p1")], "depictions"))
    return made


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ["media", "depictions"])
def test_every_command_tells_of_a_damaged_table(
    project: curate.Project,
    name: str,
    damage: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a place and what to do, without the words of a library's backtrace."""
    damage(project.workspace.catalog / name)

    for words in COMMANDS:
        capsys.readouterr()
        status = main([*words, "-w", str(project.workspace.root)])
        told = capsys.readouterr()
        assert "E700" not in told.err, words
        assert "<unknown>" not in told.err
        if words[:2] != ["release", "list"] and not (name == "depictions" and status == 0):
            # A withdrawal is recorded all the same, and says what cannot be told.
            withdrawal = words[:2] == ["consent", "withdraw"]
            assert ("cannot be told" if withdrawal else "E203") in told.err, (words, told)
            assert status != 0
            assert "catalog" in told.err
            assert "cleared" not in told.out
    asked = project.ledger.read("requests").to_pylist()
    assert [(row["subject_id"], row["kind"]) for row in asked] == [("p1", "withdrawal")]


@pytest.mark.parametrize("damage", DAMAGE[:5], ids=lambda one: one.__name__)
def test_what_is_kept_does_not_answer_for_a_table_that_cannot_be_read(
    project: curate.Project, damage: Callable[[Path], None]
) -> None:
    """A derived table was made from files that are not these any more."""
    catalog = project.catalog

    def ask() -> int:
        made = derived(catalog, "n", ("media",), lambda: {"n": catalog.read("media")})
        return int(made["n"].num_rows)

    assert ask() == 1
    damage(catalog.folder / "media")

    with pytest.raises(CatalogError):
        ask()


def test_a_first_write_that_was_killed_is_done_again(tmp_path: Path) -> None:
    """Files without a log yet are no table that lost its log."""
    catalog = Catalog(tmp_path / "catalog")
    place = catalog.folder / "media"
    place.mkdir(parents=True)
    (place / ".begun").touch()
    (place / "part-0.parquet").write_bytes(b"PAR1")

    assert catalog.count("media") == 0
    catalog.append("media", conform([media("m1.jpg")], "media"))
    assert catalog.count("media") == 1
    assert not (place / ".begun").exists()
