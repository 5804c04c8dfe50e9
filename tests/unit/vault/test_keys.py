"""Where the workspace's key lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.errors import ConfigError, InputError, MissingKeyError
from curate.vault import default_source, vault_key, workspace_key
from curate.vault.keys import own_key
from curate.vault.places import keep_secret
from curate.workspace import Workspace


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "lab.key"

    made = workspace_key(f"file:{place}", create=True)

    assert len(made) == 32
    assert workspace_key(f"file:{place}", create=True) == made == workspace_key(f"file:{place}")
    assert place.stat().st_mode & 0o777 == 0o600


def test_of_two_keys_that_are_made_at_once_the_first_stays(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "own.key"
    first = own_key(place)

    with pytest.raises(InputError, match="cannot be written: File exists"):
        keep_secret(f"file:{place}", "0f" * 32)

    assert own_key(place) == first
    assert list(place.parent.iterdir()) == [place]


def test_a_key_that_should_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(MissingKeyError):
        workspace_key(f"file:{tmp_path / 'lab.key'}")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "lab.key"
    workspace_key(f"file:{place}", create=True)
    place.chmod(0o644)

    with pytest.raises(InputError, match="others may read"):
        workspace_key(f"file:{place}")


def test_a_variable_gives_the_key_and_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "0f" * 32)
    assert workspace_key("env:LAB_KEY") == b"\x0f" * 32

    monkeypatch.delenv("LAB_KEY")
    with pytest.raises(MissingKeyError):
        workspace_key("env:LAB_KEY", create=True)


def test_text_that_is_no_key_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "0f" * 31)

    with pytest.raises(InputError, match="found 62 characters") as caught:
        workspace_key("env:LAB_KEY")

    assert "0f0f" not in str(caught.value)


@pytest.mark.usefixtures("own_keyring")
def test_a_keyring_keeps_the_key_it_was_given() -> None:
    with pytest.raises(MissingKeyError):
        workspace_key("keyring:lab")

    made = workspace_key("keyring:lab", create=True)

    assert workspace_key("keyring:lab") == made


@pytest.mark.parametrize("source", ["lab.key", "file:", "vault:lab", ""])
def test_a_place_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(ConfigError):
        workspace_key(source)


def test_the_usual_place_is_among_the_users_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert default_source("ab12") == f"file:{tmp_path}/curate/keys/ab12.key"


@pytest.mark.parametrize("used", ["vault/keys/tag.key", "safety/lists/list.bin"])
def test_no_new_key_is_made_where_something_was_sealed_with_one(used: str, tmp_path: Path) -> None:
    """It would open neither embeddings nor lists, and hide that the right one is missing."""
    place, source = Workspace(tmp_path / "ws"), f"file:{tmp_path / 'lab.key'}"
    made, salt = vault_key(place, source, create=True)
    assert vault_key(place, source, create=True) == (made, salt)
    (tmp_path / "lab.key").unlink()
    sealed = place.root / used
    sealed.parent.mkdir(parents=True)
    sealed.write_bytes(b"sealed")

    with pytest.raises(MissingKeyError):
        vault_key(place, source, create=True)

    assert not (tmp_path / "lab.key").exists()
