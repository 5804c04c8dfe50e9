"""Names for identities: the draft, and what comes back of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from curate.errors import InputError
from curate.review.named import (
    FACES,
    TABLE,
    Answer,
    Identity,
    draft,
    identities_of,
    is_unnamed,
    read_answers,
)
from curate.schema import conform
from tests.factories import depiction, digest, entries, face, identity, media, sighting

PICTURES = [media(f"{name}.jpg") for name in "abcd"]
FOUND = [face(digest(row["locator"])) for row in PICTURES]


def _identities(*of: tuple[int, ...], **more: list[dict[str, object]]) -> list[Identity]:
    """Return identities of faces by their numbers."""
    linked = [identity(FOUND[n], None, identity_id=f"i{i}") for i, some in enumerate(of)
              for n in some]  # fmt: skip
    tables = {
        "entries": entries(PICTURES, [sighting(row) for row in PICTURES]),
        "faces": conform(FOUND, "faces"),
        "identities": conform(linked, "identities"),
        "depictions": conform(more.get("depictions", []), "depictions"),
    }
    return identities_of(tables)


def _written(folder: Path, found: list[Identity], names: list[str]) -> Path:
    """Write a draft in which all but the last face of each identity were shown, filled in."""
    for one in found:
        one.shown = one.best()[:2]
    table, faces = draft(found, {})
    rows = list(csv.DictReader(table.splitlines()))
    for row, name in zip(rows, names, strict=True):
        row["subject_id"] = name
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (folder / FACES).write_text(faces, encoding="utf-8")
    return folder / TABLE


def test_answer_holds_for_the_contents_that_were_shown(tmp_path: Path) -> None:
    found = _identities((0, 1, 2), (3,))
    path = _written(tmp_path, found, ["ana", " Unknown "])
    answers, left, errors = read_answers(path, _identities((0, 1, 2), (3,)), set())

    assert (left, errors) == (0, [])
    assert [(a.subject, len(a.contents)) for a in answers] == [("ana", 2), (None, 1)]
    assert answers[0].contents == {digest("a.jpg"), digest("b.jpg")}


def _wrong(path: Path, now: list[Identity], known: set[str]) -> list[str]:
    return [str(error) for error in read_answers(path, now, known)[2]]


def test_identity_whose_faces_changed_is_refused_by_name(tmp_path: Path) -> None:
    path = _written(tmp_path, _identities((0, 1), (2,)), ["ana", "ben"])
    (changed,) = _wrong(path, _identities((0, 1, 3), (2,)), set())
    assert "identity i0 are not those that were exported" in changed
    (gone,) = _wrong(path, _identities((0, 1)), set())
    assert "no identity i1 any more" in gone


def test_pseudonym_that_is_written_otherwise_is_refused(tmp_path: Path) -> None:
    """By what is known, and by another row of the same table."""
    found = _identities((0, 1), (2,))
    (known,) = _wrong(_written(tmp_path, found, ["ANA", ""]), found, {"ana"})
    assert "'ANA' differs from 'ana' only in how it is written" in known
    (row,) = _wrong(_written(tmp_path, found, ["ana", "Ana"]), found, set())
    assert "identities.csv:3" in row
    assert not _wrong(_written(tmp_path, found, ["ana", "ana"]), found, {"ana"})


def test_table_without_its_faces_is_none(tmp_path: Path) -> None:
    found = _identities((0, 1))
    path = _written(tmp_path, found, ["ana"])
    (tmp_path / FACES).unlink()
    with pytest.raises(InputError, match="faces that were shown"):
        read_answers(path, found, set())


def test_who_is_declared_or_withheld_is_not_asked_for() -> None:
    declared = [depiction(PICTURES[0], "ana"), depiction(PICTURES[1], "ana")]
    found = _identities((0, 1), (2,), depictions=declared)
    assert [is_unnamed(one) for one in found] == [False, True]
    hidden = entries(PICTURES, [sighting(row) for row in PICTURES])
    state = pa.array(["withheld"] * hidden.num_rows)
    tables = {
        "entries": hidden.set_column(hidden.schema.get_field_index("state"), "state", state),
        "faces": conform(FOUND, "faces"),
        "identities": conform([identity(FOUND[0], None)], "identities"),
        "depictions": conform([], "depictions"),
    }
    assert identities_of(tables) == []


def test_answers_name_their_rows(tmp_path: Path) -> None:
    found = _identities((0,))
    (answer,), _, _ = read_answers(_written(tmp_path, found, ["ana"]), found, set())
    assert isinstance(answer, Answer)
    assert answer.place == "identities.csv:2"
