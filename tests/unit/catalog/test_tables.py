"""The catalogue: writing twice changes nothing, and readers never see half of anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from curate.catalog import tables
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import CatalogError, InvariantError
from curate.schema import arrow_schema, conform, table_names
from tests import factories


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Return an empty catalogue."""
    return Catalog(tmp_path / "catalog")


def media(*locators: str, **values: object) -> pa.Table:
    """Return entries at `locators`."""
    return conform([factories.media(name, **values) for name in locators], "media")


def group(member: str, stage: str) -> dict[str, object]:
    """Return a relation of a stage."""
    return {
        "left": member,
        "relation": "near_duplicate",
        "right": "z",
        "left_kind": "content",
        "right_kind": "content",
        "basis": "pdq",
        "stage": stage,
    }


def relations(*rows: dict[str, object]) -> pa.Table:
    """Return a table of relations."""
    return conform(list(rows), "relations")


def versions(catalog: Catalog, name: str) -> int:
    """Return how many commits a table has."""
    return DeltaTable(str(catalog.folder / name)).version() + 1


@pytest.mark.parametrize("name", table_names("delta"))
def test_table_that_was_never_written_reads_as_empty(catalog: Catalog, name: str) -> None:
    """Every table is there from the first moment on."""
    assert catalog.read(name).schema.equals(arrow_schema(name))
    assert catalog.count(name) == 0


def test_append_and_read_sorted(catalog: Catalog) -> None:
    """Rows come back whole and in the order of their key, however they were written."""
    for name in ("c.jpg", "a.jpg", "b.jpg"):
        assert catalog.append("media", media(name)) == 1

    found = catalog.read("media")

    assert found.schema.equals(arrow_schema("media"))
    assert found["media_id"].to_pylist() == sorted(found["media_id"].to_pylist())
    assert catalog.count("media") == 3


def test_append_of_nothing_leaves_no_trace(catalog: Catalog) -> None:
    """No rows, no commit."""
    assert catalog.append("media", media()) == 0
    assert not catalog.folder.exists()


def test_types_survive(catalog: Catalog) -> None:
    """Instants, lists and bytes come back as they went."""
    content = conform([factories.content("0" * 64, pdq=b"\x00" * 32, sharpness=0.1)], "content")
    verdicts = conform([factories.verdict(factories.media(), "blocked", ["A", "B"])], "verdicts")
    listed = media("a.jpg", captured_at=factories.day(5, 4))

    for name, rows in (("content", content), ("verdicts", verdicts), ("media", listed)):
        catalog.append(name, rows)
        assert catalog.read(name).equals(rows)


def test_upsert_adds_and_replaces(catalog: Catalog) -> None:
    """New keys are added, changed rows replaced, equal ones left alone."""
    catalog.append("media", media("a.jpg", "b.jpg"))

    changed = catalog.upsert(
        "media", pa.concat_tables([media("a.jpg"), media("b.jpg", split="train"), media("c.jpg")])
    )

    assert changed == 2
    rows = {row["locator"]: row["split"] for row in catalog.read("media").to_pylist()}
    assert rows == {"a.jpg": None, "b.jpg": "train", "c.jpg": None}


def test_upsert_twice_commits_once(catalog: Catalog) -> None:
    """Saying the same again changes nothing, not even a file."""
    rows = media("a.jpg", "b.jpg", captured_at=factories.day(5))
    assert catalog.upsert("media", rows) == 2
    before = versions(catalog, "media")

    assert catalog.upsert("media", rows) == 0
    assert versions(catalog, "media") == before


def test_upsert_by_a_key_of_several_columns(catalog: Catalog) -> None:
    """All columns of a key count."""
    entry = factories.media()
    catalog.upsert("depictions", conform([factories.depiction(entry)], "depictions"))
    rows = [
        factories.depiction(entry, role="target"),
        factories.depiction(entry, link_status="rejected"),
    ]

    assert catalog.upsert("depictions", conform(rows, "depictions")) == 2
    found = catalog.read("depictions").to_pylist()
    assert {(r["role"], r["link_status"]) for r in found} == {
        ("depicted", "rejected"),
        ("target", "confirmed"),
    }


def test_replace_puts_rows_in_the_place_of_all(catalog: Catalog) -> None:
    """What was there is not there any more; an empty table is a table too."""
    catalog.replace("media", media("a.jpg", "b.jpg"))
    catalog.replace("media", media("c.jpg"))
    assert catalog.read("media")["locator"].to_pylist() == ["c.jpg"]

    catalog.replace("media", media())
    assert catalog.count("media") == 0


def test_replace_of_a_stage_keeps_other_stages(catalog: Catalog) -> None:
    """Each stage owns its rows, of every version of it, and no stage with a similar name."""
    catalog.append(
        "relations",
        relations(
            group("a", "dedup/1"),
            group("b", "dedup/2"),
            group("c", "dedups/1"),
            group("d", "x_y/1"),
            group("e", "xzy/1"),
        ),
    )

    catalog.replace("relations", relations(group("n", "dedup/3")), stage="dedup")
    catalog.replace("relations", relations(), stage="x_y")

    assert catalog.read("relations")["left"].to_pylist() == ["c", "e", "n"]


def test_foreign_columns_are_refused_before_anything_is_read(catalog: Catalog) -> None:
    """A table of another version is an error with the place, not a guess."""
    write_deltalake(str(catalog.folder / "media"), pa.table({"media_id": ["a"], "new": [1]}))

    with pytest.raises(CatalogError, match="columns are media_id, new; expected") as caught:
        catalog.read("media")
    assert caught.value.where == "catalog/media"
    assert "curate migrate" in (caught.value.hint or "")


def test_foreign_types_are_refused(catalog: Catalog) -> None:
    """So is a column of another type."""
    rows = media("a.jpg")
    place = rows.schema.get_field_index("listed_size")
    text = rows.set_column(place, "listed_size", [["3"]])
    write_deltalake(str(catalog.folder / "media"), text)

    with pytest.raises(CatalogError, match="listed_size is string; expected int64"):
        catalog.read("media")


def test_damaged_log_is_told(catalog: Catalog) -> None:
    """A transaction log that cannot be read is an error with the place."""
    catalog.append("media", media("a.jpg"))
    for log in (catalog.folder / "media" / "_delta_log").glob("*.json"):
        log.write_text('{"metaData": ')

    with pytest.raises(CatalogError, match="cannot be read"):
        catalog.read("media")


def test_undeclared_columns_are_not_written(catalog: Catalog) -> None:
    """Rows are in the declared shape or not there."""
    with pytest.raises(InvariantError, match="extra_column"):
        catalog.append("media", media("a.jpg").append_column("extra_column", [["x"]]))
    assert catalog.count("media") == 0


def test_compact_keeps_rows(catalog: Catalog) -> None:
    """Many small files become few, with the same rows."""
    for number in range(tables.COMPACT_AT):
        catalog.append("media", media(f"{number}.jpg"))
    before = catalog.read("media")

    catalog.compact("media")

    assert len(DeltaTable(str(catalog.folder / "media")).file_uris()) == 1
    assert catalog.read("media").equals(before)


def test_compact_leaves_few_files_alone(catalog: Catalog) -> None:
    """Nothing is written again without need, and a table that is not there is no error."""
    catalog.compact("media")
    catalog.append("media", media("a.jpg"))
    before = versions(catalog, "media")

    catalog.compact("media")

    assert versions(catalog, "media") == before


def test_reader_goes_on_with_what_it_opened(catalog: Catalog) -> None:
    """A reader sees one version whole, while writers replace and compact."""
    catalog.append("media", media("a.jpg", "b.jpg"))
    connection = catalog.connect("media")

    catalog.replace("media", media("c.jpg"))
    for number in range(tables.COMPACT_AT):
        catalog.append("media", media(f"{number}.jpg"))
    catalog.compact("media")

    found = connection.execute("SELECT locator FROM media ORDER BY locator").fetchall()
    assert found == [("a.jpg",), ("b.jpg",)]


def test_connection_has_every_table_and_prints_utc(catalog: Catalog) -> None:
    """SQL over tables that were never written works, and knows no local time."""
    connection = catalog.connect()

    for name in table_names("delta"):
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    assert connection.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


@pytest.mark.parametrize(
    ("entry", "seen", "state"),
    [
        ({}, {}, "present"),
        ({}, {"status": "unreadable", "sha256": None}, "unreadable"),
        ({}, None, "unseen"),
        ({}, {"listed_size": 4}, "unseen"),
        ({}, {"listed_mtime_ns": 2}, "unseen"),
        ({"status": "missing"}, {}, "missing"),
        ({"listed_mtime_ns": None}, {"listed_mtime_ns": None}, "present"),
    ],
)
def test_state_of_an_entry(
    catalog: Catalog, entry: dict[str, object], seen: dict[str, object] | None, state: str
) -> None:
    """A sighting counts only of the file as it was last listed."""
    row = factories.media(**entry)
    catalog.append("media", conform([row], "media"))
    if seen is not None:
        catalog.append("sightings", conform([factories.sighting(row, **seen)], "sightings"))
    connection = catalog.connect()
    create_entries(connection)

    found = connection.execute("SELECT state, sha256 IS NULL FROM entries").fetchone()

    assert found == (state, state in ("unseen", "unreadable"))


def test_rows_are_told_apart_by_their_keys(catalog: Catalog) -> None:
    """New keys, known keys, and known ones whose rows stay."""
    catalog.append("media", media("a", "b", "c"))

    fresh, known = catalog.split_by_key("media", media("c", "d", "b"), held="locator = 'c'")

    assert fresh["locator"].to_pylist() == ["d"]
    assert known["locator"].to_pylist() == ["b"]


def test_no_rows_have_no_keys(catalog: Catalog) -> None:
    """A stage may find nothing at all in what it looks at."""
    catalog.append("media", media("a"))

    assert [rows.num_rows for rows in catalog.split_by_key("media", media())] == [0, 0]


def test_rows_can_be_filtered_after_an_upsert(catalog: Catalog) -> None:
    """A table in which rows were replaced is read like any other."""
    catalog.upsert("media", media("a", "b"))
    catalog.upsert("media", media("a", "c", status="missing"))

    found = catalog.connect("media").sql("SELECT locator FROM media WHERE status = 'present'")

    assert found.fetchall() == [("b",)]


def test_a_purge_leaves_no_value_in_files_or_log(tmp_path: Path) -> None:
    """The log tells the least and largest values of each file it ever had."""
    catalog = Catalog(tmp_path)
    rows = [_look("aaa-first"), _look("mmm"), _look("zzz-last")]
    catalog.append("looks", conform(rows, "looks"))
    catalog.append("looks", conform([_look("nnn")], "looks"))
    catalog.replace("looks", conform([_look("mmm"), _look("nnn")], "looks"))

    catalog.purge("looks")

    held = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"aaa-first" not in held
    assert b"zzz-last" not in held
    assert catalog.read("looks")["sha256"].to_pylist() == ["mmm", "nnn"]
    catalog.append("looks", conform([_look("ooo")], "looks"))
    catalog.purge("looks")
    assert catalog.count("looks") == 3


def _look(sha256: str) -> dict[str, object]:
    return {"sha256": sha256, "version": "looks/1"}


def test_rows_of_one_id_are_found_without_the_others(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many rows, filters tell which groups hold an id; of few rows there are none."""
    monkeypatch.setattr(tables, "_MANY_ROWS", 2)
    rows = [factories.label({"media_id": f"m{n}"}) for n in range(3)]
    catalog.append("labels", conform(rows[:1], "labels"))
    catalog.append("labels", conform(rows[1:], "labels"))

    stored = catalog.stored("labels")
    assert stored is not None
    connection = catalog.look_up("labels")
    found = connection.sql(
        "SELECT num_values, bloom_filter_offset IS NOT NULL FROM parquet_metadata($files) "
        "WHERE path_in_schema = 'media_id' ORDER BY num_values",
        params={"files": stored.file_uris()},
    ).fetchall()
    assert found == [(1, False), (2, True)]
    wanted = connection.sql("SELECT media_id FROM labels WHERE media_id IN ('m0', 'm2')")
    assert sorted(wanted.fetchall()) == [("m0",), ("m2",)]


@pytest.mark.parametrize("name", ["a b", "ü", "50%", "what?", "*", "a#b", "'a\"", "~日本"])
def test_a_folder_may_have_a_name_of_any_letters(tmp_path: Path, name: str) -> None:
    """People keep their data in folders with blanks, letters of their own and worse."""
    catalog = Catalog(tmp_path / name / "catalog")
    rows = media("a.jpg", "b.jpg")
    catalog.append("media", rows)
    catalog.upsert("media", media("c.jpg"))

    ((_, _, _, version, files),) = catalog.state(["media"])
    assert (version, len(files)) == (1, 2)
    assert catalog.files_digest("media")
    found = catalog.look_up("media").sql("SELECT locator FROM media ORDER BY 1").fetchall()
    assert [locator for (locator,) in found] == ["a.jpg", "b.jpg", "c.jpg"]
    assert catalog.read("media").num_rows == 3
    catalog.compact("media")
    catalog.purge("media")
    assert catalog.count("media") == 3


@pytest.mark.parametrize("name", ["a%20b", "set[1]", "a\\b"])
def test_a_folder_in_which_no_table_can_be_kept_is_named(tmp_path: Path, name: str) -> None:
    """What is there is not called damaged, and nobody is told to throw it away."""
    catalog = Catalog(tmp_path / name / "catalog")
    for act in (lambda: catalog.append("media", media("a.jpg")), lambda: catalog.read("media")):
        with pytest.raises(CatalogError, match="no table can be kept") as raised:
            act()
        assert "another name" in (raised.value.hint or "")
