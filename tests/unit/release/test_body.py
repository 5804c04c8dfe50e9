"""An item's bytes as they go out: what nobody looked at is not among them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from curate.release.body import opened_body
from tests.unit.media.hiding import SECRET, clip, coded, streams, together


def item(path: Path, taken_out: str | None) -> dict[str, Any]:
    """Return a row of a selection."""
    return {
        "root": str(path.parent), "locator": path.name, "format": "MP4", "kind": "video",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "taken_out": taken_out,
    }  # fmt: skip


@pytest.mark.parametrize("keep_metadata", [False, True])
def test_hidden_stream_does_not_go_out_in_any_form(keep_metadata: bool, tmp_path: Path) -> None:  # noqa: FBT001
    path = tmp_path / "a.mp4"
    path.write_bytes(together("mp4", clip(), clip(seed=5)) + SECRET)

    with opened_body(item(path, "video stream 1"), keep_metadata=keep_metadata) as body:
        out = body.read()

    assert hashlib.sha256(out).hexdigest() == body.sha256
    assert (streams(out), len(coded(out))) == (["video"], 10)
    assert SECRET not in out


def test_film_without_hidden_parts_goes_out_as_it_is_where_metadata_are_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(clip())
    with opened_body(item(path, None), keep_metadata=True) as body:
        assert body.read() == path.read_bytes()
