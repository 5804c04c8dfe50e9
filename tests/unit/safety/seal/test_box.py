"""Sealed files: what goes in comes out for the officer, and for nobody else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from curate.errors import InputError, MissingKeyError, VerificationError
from curate.safety.seal import box
from curate.safety.seal.box import BLOCK, Box
from curate.safety.seal.keys import OpeningKey, SealingKey, make_pair

HERE = Path("s-1.sealed")
RECORD = {"files": [["/data", "a.jpg"]]}
_TAG = 16


def _nothing() -> None:
    """Know no passphrase."""


@pytest.fixture
def officer(tmp_path: Path) -> OpeningKey:
    make_pair(tmp_path / "officer", None)
    return OpeningKey.read(str(tmp_path / "officer.pem"), _nothing)


def _sealed(officer: OpeningKey, media: bytes) -> bytes:
    sink = io.BytesIO()
    Box.new("s-1", officer.public, media=True).write(sink, RECORD, io.BytesIO(media))
    return sink.getvalue()


def _opened(sealed: bytes, officer: OpeningKey) -> tuple[dict[str, object], bytes]:
    stream = io.BytesIO(sealed)
    box = Box.opened(stream, officer, where=HERE)
    record = box.record(stream, where=HERE)
    out = io.BytesIO()
    box.media(stream, out.write, where=HERE)
    return record, out.getvalue()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_round_trip_at_every_edge_of_blocks(officer: OpeningKey, size: int) -> None:
    media = (bytes(range(256)) * (size // 256 + 1))[:size]

    assert _opened(_sealed(officer, media), officer) == (RECORD, media)


def test_nothing_of_it_is_in_clear(officer: OpeningKey) -> None:
    sealed = _sealed(officer, b"secret bytes of media " * 100)

    assert b"secret bytes" not in sealed
    assert b"a.jpg" not in sealed


def test_another_officer_opens_nothing(officer: OpeningKey, tmp_path: Path) -> None:
    make_pair(tmp_path / "other", None)
    other = OpeningKey.read(str(tmp_path / "other.pem"), _nothing)

    with pytest.raises(VerificationError):
        _opened(_sealed(officer, b"media"), other)


@pytest.mark.parametrize("cut", [1, _TAG, BLOCK + _TAG, BLOCK + 2 * _TAG])
def test_what_is_cut_off_is_told(officer: OpeningKey, cut: int) -> None:
    """The last cut leaves whole blocks: only the mark of the last one tells."""
    sealed = _sealed(officer, bytes(2 * BLOCK))

    with pytest.raises(VerificationError):
        _opened(sealed[:-cut], officer)


def test_swapped_blocks_are_told(officer: OpeningKey) -> None:
    sealed = _sealed(officer, b"a" * BLOCK + b"b" * BLOCK + b"c")
    end = len(sealed) - 1 - _TAG
    one, two = end - 2 * (BLOCK + _TAG), end - (BLOCK + _TAG)
    swapped = sealed[:one] + sealed[two:end] + sealed[one:two] + sealed[end:]
    assert len(swapped) == len(sealed)

    with pytest.raises(VerificationError):
        _opened(swapped, officer)


@pytest.mark.parametrize(("old", "new"), [(b"s-1", b"s-2"), (b'"media": true', b'"media":  true')])
def test_a_changed_head_opens_nothing(officer: OpeningKey, old: bytes, new: bytes) -> None:
    with pytest.raises(VerificationError):
        _opened(_sealed(officer, b"media").replace(old, new, 1), officer)


@pytest.mark.parametrize("head", [b"", b"{}", b"[]", b"\xff", b'{"format": 2}'])
def test_what_is_no_sealed_file_is_told(head: bytes) -> None:
    with pytest.raises(VerificationError, match="no sealed file"):
        box.read_head(head, HERE)


def test_a_passphrase_guards_the_private_half(tmp_path: Path) -> None:
    made = make_pair(tmp_path / "officer", "tr0ub4dor")
    place = str(tmp_path / "officer.pem")

    assert OpeningKey.read(place, lambda: "tr0ub4dor").public.keyid == made.keyid
    for ask in (_nothing, lambda: "other"):
        with pytest.raises(MissingKeyError):
            OpeningKey.read(place, ask)


def test_a_private_half_is_no_public_key(tmp_path: Path) -> None:
    make_pair(tmp_path / "officer", None)

    with pytest.raises(InputError, match="private key"):
        SealingKey.read(tmp_path / "officer.pem")
    assert SealingKey.read(tmp_path / "officer.pub").raw
    with pytest.raises(InputError, match="already"):
        make_pair(tmp_path / "officer", None)
