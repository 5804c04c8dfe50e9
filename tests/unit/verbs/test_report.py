"""Documents by name: what authors say is read from beside curate.toml, releases from records."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.errors import ConfigError, InputError, UnknownNameError
from curate.model.authored import Authored
from curate.verbs.report import KINDS, documents, promised, read_authored, released
from curate.workspace import Workspace, create
from tests.unit.report.conftest import make_inputs


def test_no_datasheet_toml_says_nothing(tmp_path: Path) -> None:
    assert read_authored(create(tmp_path / "ws")) == Authored()


def test_datasheet_toml_is_read_from_the_workspace(tmp_path: Path) -> None:
    place = create(tmp_path / "ws")
    (place.root / "datasheet.toml").write_text("[about]\ncontact = 'a@b'\n", encoding="utf-8")

    assert read_authored(place).text_of("contact") == "a@b"


def test_a_wrong_one_is_told_with_its_path(tmp_path: Path) -> None:
    place = create(tmp_path / "ws")
    (place.root / "datasheet.toml").write_text("[answers]\n99 = 'x'\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_authored(place)

    assert caught.value.where == f"{place.root / 'datasheet.toml'}: answers"


def test_one_that_is_no_text_is_told(tmp_path: Path) -> None:
    place = create(tmp_path / "ws")
    (place.root / "datasheet.toml").write_bytes(b"[about]\ncontact = '\xff'\n")

    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_authored(place)


def _promising(root: Path, **paths: str) -> Workspace:
    place = create(root / "ws")
    lines = [f'"{name}" = "{path}"' for name, path in paths.items()]
    text = "\n".join(["[documents]", *lines])
    (place.root / "datasheet.toml").write_text(text, encoding="utf-8")
    (place.root / "form.PDF").write_bytes(b"%PDF")
    return place


def test_promised_documents_have_a_path_in_a_release(tmp_path: Path) -> None:
    """By the name that the authors gave them; what is at an address stays there."""
    told = {"consent form": "form.PDF", "consent/form": "form.PDF", "notice": "https://lab.example"}

    found = promised(_promising(tmp_path, **told))

    assert found == {"documents/consent_form.pdf": b"%PDF", "documents/consent_form-2.pdf": b"%PDF"}


@pytest.mark.parametrize("path", ["gone.pdf", "../secret.pdf", "link.pdf", "/etc/passwd", "."])
def test_a_document_that_cannot_go_out_is_told(tmp_path: Path, path: str) -> None:
    """It is not there, or lies outside."""
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    place = _promising(tmp_path, form=path)
    (place.root / "link.pdf").symlink_to(tmp_path / "secret.pdf")

    with pytest.raises(InputError, match="cannot be read"):
        promised(place)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_files(kind: str) -> None:
    found = documents(kind, make_inputs())

    assert found
    assert all(text for text in found.values())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no document is called 'poem'"):
        documents("poem", make_inputs())


def test_a_release_that_is_not_on_record_is_refused(tmp_path: Path) -> None:
    place = create(tmp_path / "ws")

    with pytest.raises(UnknownNameError, match="no release is called 'v9'") as caught:
        released(Record(Ledger(place.ledger)), "v9")

    assert caught.value.hint == "releases are: none yet"
