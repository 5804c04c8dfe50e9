"""Pictures with statements in them, made here: signed C2PA records, and packets of XMP."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

XMP = "http://ns.adobe.com/xap/1.0/\x00"


@cache
def _chain() -> tuple[str, str, str]:
    """Return a leaf with its root, the leaf's key, and the root, all PEM."""
    root_key, leaf_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    root = _certificate("Test root", root_key, "Test root", root_key, authority=True)
    leaf = _certificate("Test signer", leaf_key, "Test root", root_key, authority=False)
    pem = serialization.Encoding.PEM
    key = leaf_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    anchor = root.public_bytes(pem).decode()
    return leaf.public_bytes(pem).decode() + anchor, key.decode(), anchor


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    def called(text: str) -> x509.Name:
        return x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Curate tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ])  # fmt: skip

    since = datetime.now(UTC) - timedelta(days=1)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    built = (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=30))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )  # fmt: skip
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        built = built.add_extension(purpose, critical=False)
    return built.sign(issuer_key, hashes.SHA256())


def trust() -> str:
    """Return the root of the certificates made here, PEM."""
    return _chain()[2]


def picture(seed: int = 0) -> bytes:
    """Return a small JPEG without metadata."""
    buffer = io.BytesIO()
    Image.effect_noise((48, 48), 40 + seed).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def signed(
    assertions: list[dict[str, Any]] | None = None,
    *,
    source_type: str = "digitalCapture",
    ingredient: bytes | None = None,
    remote: str = "",
    picture_of: bytes | None = None,
) -> bytes:
    """Return a JPEG with a signed C2PA record.

    Args:
        assertions: Assertions beside the action that created it.
        source_type: The IPTC code of that action.
        ingredient: A JPEG that went into it.
        remote: Where the record lies, in the place of the file.
        picture_of: The JPEG to sign; a new one when None.
    """
    import c2pa

    chain, key, _ = _chain()
    address = f"http://cv.iptc.org/newscodes/digitalsourcetype/{source_type}"
    created = {"action": "c2pa.created", "digitalSourceType": address}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [created]}}
    manifest = {
        "claim_generator_info": [{"name": "curate-tests", "version": "1"}],
        "title": "made.jpg",
        "assertions": [actions, *(assertions or [])],
    }
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(b"es256", chain.encode(), key.encode(), None)
    )
    builder = c2pa.Builder(json.dumps(manifest))
    if ingredient is not None:
        part = {"title": "part.jpg", "relationship": "componentOf"}
        builder.add_ingredient(json.dumps(part), "image/jpeg", io.BytesIO(ingredient))
    if remote:
        builder.set_no_embed()
        builder.set_remote_url(remote)
    out = io.BytesIO()
    builder.sign(signer, "image/jpeg", io.BytesIO(picture_of or picture()), out)
    return out.getvalue()


def mining(
    use: str, *, label: str = "cawg.training-mining", prefix: str = "cawg."
) -> dict[str, Any]:
    """Return an assertion that says `use` of all four uses."""
    names = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    return {"label": label, "data": {"entries": {f"{prefix}{n}": {"use": use} for n in names}}}


def packet(body: str) -> bytes:
    """Return a packet of XMP whose description has `body` as attributes."""
    spaces = {
        "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "cc": "http://creativecommons.org/ns#",
        "tdm": "http://www.w3.org/ns/tdmrep/",
        "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    }
    named = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in spaces.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {named} {body}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def segment(payload: bytes, marker: int = 0xE1) -> bytes:
    """Return a segment of a JPEG."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def with_xmp(*packets: bytes, data: bytes | None = None) -> bytes:
    """Return a JPEG with packets of XMP."""
    data = data or picture()
    blocks = b"".join(segment(XMP.encode() + one) for one in packets)
    return data[:2] + blocks + data[2:]
