"""What consent files may not be: of nowhere, or of any size."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.consent import read
from curate.consent.read import read_statements
from curate.errors import ConfigError, InvalidFileError, InvalidRowError
from curate.model.config import parse_config
from curate.schema import purpose_tree

HEAD = "subject,purposes,operations,roles,valid_from,territories\n"


def _file(folder: Path, territories: str) -> Path:
    path = folder / "c.csv"
    row = f"p01,train-detector,include,depicted,2024-01-01,{territories}\n"
    path.write_text(HEAD + row, encoding="utf-8")
    return path


def test_territory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A typing error in a territory would widen or narrow a consent unseen."""
    with pytest.raises(InvalidRowError, match=r"c\.csv:2: territories: 'XQ' is no ISO 3166-1"):
        read_statements(_file(tmp_path, "DE;XQ"), purposes=purpose_tree())


def test_union_stands_for_its_members(tmp_path: Path) -> None:
    """EU is the 27 codes that a use can name."""
    found = read_statements(_file(tmp_path, "EU"), purposes=purpose_tree())

    granted = found.records["consents"][0]["territories"]
    assert len(granted) == 27
    assert "DE" in granted


def test_use_in_a_territory_that_does_not_exist_is_refused() -> None:
    """A use profile is held to the same codes."""
    text = '[uses.x]\npurpose = "train-detector"\nstorage_territories = ["EUROPE"]\n'

    with pytest.raises(ConfigError, match=r"uses\.x: 'EUROPE' is no ISO 3166-1"):
        parse_config(text, where="curate.toml")


def test_file_that_does_not_fit_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken whole or not at all, so a file beyond the bound is refused before it is read."""
    monkeypatch.setattr(read, "MAX_BYTES", 50)

    with pytest.raises(InvalidFileError, match="files of up to 50 are read"):
        read_statements(_file(tmp_path, "DE"), purposes=purpose_tree())
