"""Bytes that a list names are not decoded: told by digests, before anything else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import curate
from curate.api import Project
from curate.catalog.views import read_entries
from curate.errors import InputError
from curate.safety.listed_digests import Digests
from curate.verbs.run import HASHING
from tests.unit.safety.test_stage import NOW, bands, media, project, register

__all__ = ["media", "project"]


@pytest.fixture
def fresh(tmp_path: Path, media: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a workspace in which nothing was opened yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    made = curate.init(tmp_path / "ws")
    made.clock = lambda: NOW
    made.ingest(media)
    return made


def _states(project: Project) -> dict[str, tuple[str, str | None]]:
    rows = read_entries(project.catalog).to_pylist()
    return {row["locator"]: (row["state"], row["reason"]) for row in rows}


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_what_a_list_names_is_not_decoded(
    fresh: Project, media: Path, tmp_path: Path, kind: str
) -> None:
    """Not opened, matched all the same, and opened once the list takes it back."""
    (media / "broken.png").write_bytes((media / "2.png").read_bytes()[:200])
    fresh.ingest(media)
    names = ("2.png", "broken.png")
    named = [hashlib.new(kind, (media / name).read_bytes()).hexdigest() for name in names]
    text = "hash,type,status\n" + "\n".join(f"{one},{kind},{{status}}" for one in named)
    register(fresh, text.format(status=""), tmp_path)

    fresh.run(HASHING, jobs=1)

    listed = {name for name, (_, reason) in _states(fresh).items() if reason == "listed"}
    assert listed == {"2.png", "broken.png"}
    assert bands(fresh) == dict.fromkeys(listed, "match")
    opened = fresh.catalog.read("content")["sha256"].to_pylist()
    assert len(opened) == 6
    assert hashlib.sha256((media / "2.png").read_bytes()).hexdigest() not in opened

    register(fresh, text.format(status="withdrawn"), tmp_path)
    fresh.run(HASHING, jobs=1)

    assert bands(fresh) == {}
    states = _states(fresh)
    assert states["2.png"] == ("present", None)
    assert states["broken.png"][1] == "truncated"


def test_only_hashes_are_made_where_that_is_asked(fresh: Project, tmp_path: Path) -> None:
    """By the flag or the settings; a stage that looks at more is refused by name."""
    assert [one.stage for one in fresh.run(jobs=1, hash_only=True)] == list(HASHING)
    with pytest.raises(InputError, match="'faces' looks at more"):
        fresh.run(["probe", "faces"], jobs=1, hash_only=True)
    config = fresh.workspace.config
    config.write_text(config.read_text("utf-8") + "\n[safety]\nhash_only = true\n", "utf-8")

    again = curate.open(tmp_path / "ws")

    assert [one.stage for one in again.run(jobs=1)] == list(HASHING)
    assert again.catalog.count("content") == 7
    assert not again.catalog.count("faces")


@given(st.sets(st.binary(min_size=16, max_size=16)), st.binary(min_size=8, max_size=8))
def test_a_set_of_digests_holds_what_it_was_given(values: set[bytes], tail: bytes) -> None:
    """And nothing that only begins alike."""
    found = Digests.of(list(values), 16)

    assert all(value.hex() in found for value in values)
    for value in values:
        other = value[:8] + tail
        assert (other.hex() in found) == (other in values)
    assert (bytes(8) + tail).hex() not in found or bytes(8) + tail in values
