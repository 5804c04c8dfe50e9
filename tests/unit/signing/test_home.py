"""Where keys are kept, and what keeps one from being used."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.errors import InputError, MissingKeyError, UnknownNameError
from curate.signing import KeyHome, PublicKey, SigningKey, new_key


@pytest.fixture
def home(tmp_path: Path) -> KeyHome:
    """Return a home without keys."""
    return KeyHome(tmp_path / "signing")


def _never() -> str | None:
    pytest.fail("no passphrase is needed")


def test_a_key_is_found_by_name_and_for_its_owner_alone(home: KeyHome) -> None:
    key = new_key()

    home.add("lab", key)

    assert home.signing_key("lab", _never).public.keyid == key.public.keyid
    assert home.public_key("lab").keyid == key.public.keyid
    assert (home.folder / "lab.pem").stat().st_mode & 0o777 == 0o600
    assert [(one.name, one.place) for one in home.all()] == [("lab", "file")]


def test_a_key_is_never_replaced(home: KeyHome) -> None:
    home.add("lab", new_key())
    before = (home.folder / "lab.pem").read_bytes()

    with pytest.raises(InputError):
        home.add("lab", new_key())

    assert (home.folder / "lab.pem").read_bytes() == before


def test_a_passphrase_opens_its_key_and_no_other_does(home: KeyHome) -> None:
    key = new_key()
    made = home.add("lab", key, passphrase="correct horse")

    assert made.place == "file, passphrase"
    assert home.signing_key("lab", lambda: "correct horse").public.keyid == key.public.keyid
    with pytest.raises(MissingKeyError, match="does not open"):
        home.signing_key("lab", lambda: "wrong")
    with pytest.raises(MissingKeyError, match="needs its passphrase"):
        home.signing_key("lab", lambda: None)


def test_a_key_that_others_may_read_is_refused(home: KeyHome) -> None:
    home.add("lab", new_key())
    (home.folder / "lab.pem").chmod(0o640)

    with pytest.raises(InputError, match="others may read"):
        home.signing_key("lab", _never)


def test_a_key_in_a_file_or_a_variable_signs(
    home: KeyHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Continuous integration holds its keys in variables."""
    key = new_key()
    path = tmp_path / "ci.pem"
    path.touch(0o600)
    path.write_text(key.pem())
    monkeypatch.setenv("CI_KEY", key.pem())

    for named in (str(path), f"file:{path}", "env:CI_KEY"):
        assert home.signing_key(named, _never).public.keyid == key.public.keyid


@pytest.mark.usefixtures("own_keyring")
def test_a_keyring_keeps_a_private_half(home: KeyHome) -> None:
    made = home.add("lab", new_key(), keyring=True)

    assert made.place == "keyring"
    assert not (home.folder / "lab.pem").exists()
    assert home.signing_key("lab", _never).public.keyid == made.public.keyid


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 65])
def test_a_name_that_could_be_a_path_is_refused(home: KeyHome, name: str) -> None:
    with pytest.raises(InputError):
        home.add(name, new_key())
    with pytest.raises(UnknownNameError):
        home.find(name)


def test_a_key_that_is_not_there_is_missing(home: KeyHome) -> None:
    with pytest.raises(MissingKeyError):
        home.signing_key("lab", _never)
    with pytest.raises(UnknownNameError):
        home.public_key("lab")


def test_one_half_is_not_taken_for_the_other() -> None:
    key = new_key()

    with pytest.raises(InputError, match="private key"):
        PublicKey.from_pem(key.pem(), where="a.pem")
    with pytest.raises(InputError, match="no private key"):
        SigningKey.from_pem(key.public.pem(), where="a.pem")


@pytest.mark.parametrize("algorithm", ["rsa", "", "Ed25519"])
def test_a_kind_of_key_that_there_is_not_is_refused(algorithm: str) -> None:
    with pytest.raises(InputError):
        new_key(algorithm)


def test_keys_of_other_kinds_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(InputError, match="neither"):
        PublicKey.from_pem(pem, where="a.pub")
