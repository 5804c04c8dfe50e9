"""Envelopes and statements: what is signed, and what no longer verifies."""

from __future__ import annotations

import base64
import copy
import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import InvariantError, VerificationError
from curate.signing import PublicKey, SigningKey, new_key, sign, statement, verify
from curate.signing.dsse import close, open_envelope, pae

KEY = new_key()
SAID = statement([("set/train", "ab" * 32)], "curate:test/v1", {"entries": 3, "share": 0.25})


def test_the_protocols_own_example_verifies() -> None:
    """DSSE protocol.md, "Test vectors": ECDSA on P-256, its r and s side by side."""
    secret = ec.derive_private_key(
        97358161215184420915383655311931858321456579547487070936769975997791359926199,
        ec.SECP256R1(),
    )
    raw = base64.b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
    )
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    envelope = {
        "payload": "aGVsbG8gd29ybGQ=",
        "payloadType": "http://example.com/HelloWorld",
        "signatures": [{"sig": base64.b64encode(der).decode()}],
    }

    opened = open_envelope(envelope, [PublicKey(secret.public_key())])

    assert opened.payload == b"hello world"
    assert pae(*opened[1::-1]) == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_ecdsa_gives_the_signature_of_rfc_6979() -> None:
    """Appendix A.2.5: P-256, SHA-256, "sample"; the same twice, as releases need it."""
    secret = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
    key = SigningKey(ec.derive_private_key(int(secret, 16), ec.SECP256R1()))
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"

    assert key.sign(b"sample") == encode_dss_signature(int(r, 16), int(s, 16))


def test_openssl_accepts_what_was_signed(tmp_path: Path) -> None:
    """Another implementation verifies the signature over the encoding of type and payload."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    envelope = sign(SAID, KEY)
    payload = base64.b64decode(envelope["payload"])
    (tmp_path / "key.pub").write_text(KEY.public.pem())
    (tmp_path / "message").write_bytes(
        b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    )
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))

    command = "openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in message -sigfile sig"
    done = subprocess.run(
        shlex.split(command), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_securesystemslib_reads_the_envelope() -> None:
    dsse = pytest.importorskip("securesystemslib.dsse", reason="securesystemslib is not installed")

    read = dsse.Envelope.from_dict(copy.deepcopy(sign(SAID, KEY)))

    (signature,) = read.signatures.values()
    assert KEY.public.accepts(bytes.fromhex(signature.signature), read.pae())


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_a_statement_comes_back_as_it_was(algorithm: str) -> None:
    key = new_key(algorithm)

    assert verify(sign(SAID, key), [new_key().public, key.public]) == SAID


def test_the_same_statement_and_key_give_the_same_bytes() -> None:
    assert sign(SAID, KEY) == sign(json.loads(json.dumps(SAID, sort_keys=True)), KEY)


def test_another_key_does_not_verify() -> None:
    with pytest.raises(VerificationError, match=KEY.public.keyid[:16]):
        verify(sign(SAID, KEY), [new_key().public])


def test_no_key_verifies_nothing() -> None:
    with pytest.raises(VerificationError):
        verify(sign(SAID, KEY), [])


def _flip(text: str, place: int) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[place % len(raw)] ^= 1 << place % 8
    return base64.b64encode(bytes(raw)).decode()


@given(st.integers(0, 10_000), st.sampled_from(["payload", "sig"]))
def test_no_changed_bit_verifies(place: int, part: str) -> None:
    envelope = sign(SAID, KEY)
    holder = envelope if part == "payload" else envelope["signatures"][0]
    holder[part] = _flip(holder[part], place)

    with pytest.raises(VerificationError):
        verify(envelope, [KEY.public])


def test_the_type_is_part_of_what_is_signed() -> None:
    envelope = sign(SAID, KEY) | {"payloadType": "application/vnd.other+json"}

    with pytest.raises(VerificationError, match="no given key"):
        verify(envelope, [KEY.public])


def test_a_keyid_is_a_hint_and_not_believed() -> None:
    envelope = sign(SAID, KEY)
    envelope["signatures"][0]["keyid"] = new_key().public.keyid
    envelope["signatures"].insert(0, {"sig": "AAAA"})

    assert verify(envelope, [KEY.public]) == SAID


def test_base64_of_either_alphabet_is_read() -> None:
    """The protocol asks for both."""
    envelope = sign(SAID, KEY)
    envelope["payload"] = envelope["payload"].translate(str.maketrans("+/", "-_"))

    assert verify(envelope, [KEY.public]) == SAID


@pytest.mark.parametrize(
    "envelope",
    [None, [], "text", {}, {"payload": "!", "payloadType": "t", "signatures": []},
     {"payload": "", "payloadType": 3, "signatures": []},
     {"payload": "", "payloadType": "t", "signatures": [{"keyid": 3, "sig": ""}]},
     {"payload": "", "payloadType": "t", "signatures": {"sig": ""}},
     {"payload": "", "payloadType": "t", "signatures": []}],
)  # fmt: skip
def test_what_is_no_envelope_is_said_to_be_none(envelope: Any) -> None:
    with pytest.raises(VerificationError):
        verify(envelope, [KEY.public], where="a.json")


def test_an_unsigned_statement_is_told_as_such() -> None:
    with pytest.raises(VerificationError, match="an unsigned statement"):
        verify(SAID, [KEY.public])


def test_another_kind_of_statement_is_refused() -> None:
    with pytest.raises(VerificationError, match="curate:test/v1"):
        verify(sign(SAID, KEY), [KEY.public], predicate_type="curate:other/v1")


@pytest.mark.parametrize(
    ("payload", "said"),
    [(b"{", "no JSON"), (b"[]", "_type"),
     (b'{"_type": "https://in-toto.io/Statement/v1"}', "subject"),
     (json.dumps(SAID | {"subject": [{"name": "a"}]}).encode(), "digest"),
     (json.dumps(SAID | {"predicateType": ""}).encode(), "predicateType"),
     (json.dumps(SAID | {"predicate": []}).encode(), "predicate")],
)  # fmt: skip
def test_a_signed_payload_that_is_no_statement_is_refused(payload: bytes, said: str) -> None:
    envelope = close(payload, "application/vnd.in-toto+json", KEY)

    with pytest.raises(VerificationError, match=said):
        verify(envelope, [KEY.public])


def test_what_is_no_statement_is_not_signed() -> None:
    with pytest.raises(InvariantError):
        sign({"_type": "another"}, KEY)


def test_a_key_does_not_print_its_secret() -> None:
    """A key in a log line or a traceback tells nothing."""
    key = new_key()
    secret = "".join(key.pem().splitlines()[1:-1])

    assert secret[-40:] not in repr(key) + str(key)
    assert SigningKey.from_pem(key.pem(), where="x").public.keyid == key.public.keyid
