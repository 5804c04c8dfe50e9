"""Documents that may tell of entries: by a picture, by an id, or because nobody can look."""

from __future__ import annotations

from pathlib import Path

from curate.safety.seal.hide import documents_about


def test_documents_that_name_an_entry_hold_a_picture_or_cannot_be_searched(tmp_path: Path) -> None:
    media = "5f0e7a0c-6f0d-5d7e-9a53-0c1d2e3f4a5b"
    for name, text in (
        ("entries.csv", f"media_id,locator\r\n{media},a.jpg\r\n"),
        ("other.csv", "media_id,locator\r\nanother,a.jpg\r\n"),
        ("page.html", "<img src='data:image/jpeg;base64,AAAA'>"),
        ("audit.pdf", "%PDF"),
        ("plain.html", "<p>nothing</p>"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")

    found = [path.name for path in documents_about(tmp_path, [media])]
    assert found == ["audit.pdf", "entries.csv", "page.html"]
