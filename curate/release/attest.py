"""Attestations of a release: signed in-toto statements over its manifest and what shows it.

Two statements, each in a DSSE envelope: the summary of verdicts (``svr/v0.2``) and, over it and
all else that is made from the manifest, the release (``release/v0.1``). An OpenSSF signature of
the directory goes between them where the key is one that its tool takes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from curate.errors import VerificationError
from curate.release import modelsigning
from curate.release.evidence import RULES
from curate.release.manifest import NAME, Manifest, digest_file, printed, read_manifest
from curate.signing import PublicKey, SigningKey, sign, statement, verify

ATTESTATION = "attestation.dsse.json"
SUMMARY = "verdicts.dsse.json"
RELEASE_PREDICATE = "https://in-toto.io/attestation/release/v0.1"
SUMMARY_PREDICATE = "https://in-toto.io/attestation/svr/v0.2"
TOKEN = "manifest.tsr"  # noqa: S105 - a time-stamp token, and no secret

Problem = tuple[str, str]


def attestation_names(keys: Sequence[SigningKey]) -> tuple[str, ...]:
    """Return the paths of the files that `attest` writes with these keys."""
    if not keys:
        return ()
    model = (modelsigning.NAME,) if _model_key(keys) else ()
    return (ATTESTATION, *model, SUMMARY)


def attest(folder: Path, keys: Sequence[SigningKey]) -> None:
    """Sign the release in a folder, whose manifest and log are there.

    Args:
        folder: The release's.
        keys: The first signs statements; the first that is ECDSA signs the directory.
    """
    if not keys:
        return
    manifest = read_manifest(folder)
    (folder / SUMMARY).write_bytes(printed(sign(_summary(manifest), keys[0])))
    if model_key := _model_key(keys):
        listed = [digest_file(folder / p, folder) for p in _signed_by_model(manifest)]
        modelsigning.write_model_signature(
            folder, _name(manifest), [*manifest.files, *listed], _LATER, model_key
        )
    (folder / ATTESTATION).write_bytes(printed(sign(_release(folder, manifest), keys[0])))


def check_attestations(
    folder: Path, manifest: Manifest, keys: Sequence[PublicKey]
) -> Iterator[Problem]:
    """Yield what is wrong with a release's signatures: the file, and how.

    Args:
        folder: The release's.
        manifest: Its manifest.
        keys: Public keys that are trusted, at least one.
    """
    if ATTESTATION not in manifest.beside:
        yield ATTESTATION, "the release is not signed"
        return
    wanted = {
        ATTESTATION: (RELEASE_PREDICATE, _release),
        SUMMARY: (SUMMARY_PREDICATE, _statement_of),
    }
    for path, (predicate, expected) in wanted.items():
        try:
            said = opened_statement(folder / path, path, predicate, keys)
            yield from _differing(path, said, expected(folder, manifest))
        except VerificationError as error:
            yield path, error.problem
        except OSError as error:
            yield path, f"it cannot be read: {error.strerror}"
    if modelsigning.NAME in manifest.beside:
        yield from _check_model(folder, manifest, keys)


def _differing(path: str, said: dict[str, Any], wanted: dict[str, Any]) -> Iterator[Problem]:
    """Yield each file that has other bytes than were signed, or what else a statement says."""
    if said == wanted:
        return
    signed = {one["name"]: one["digest"] for one in said["subject"]}
    found = {one["name"]: one["digest"] for one in wanted["subject"]}
    if signed.keys() != found.keys() or {**said, "subject": ()} != {**wanted, "subject": ()}:
        yield path, "it was signed over another manifest, or other files beside it"
    for name in sorted(signed.keys() & found.keys()):
        if signed[name] != found[name]:
            yield name, f"it has other bytes than {path} was signed over"


def _check_model(folder: Path, manifest: Manifest, keys: Sequence[PublicKey]) -> Iterator[Problem]:
    # Without its key the file is held by the attestation over its digest.
    model_keys = [key for key in keys if key.algorithm == modelsigning.ALGORITHM]
    if not model_keys:
        return
    try:
        listed = [digest_file(folder / p, folder) for p in _signed_by_model(manifest)]
        files = [*manifest.files, *listed]
        wrong = [
            modelsigning.check_model_signature(folder, _name(manifest), files, _LATER, key)
            for key in model_keys
        ]
    except OSError as error:
        wrong = [f"it cannot be read: {error.strerror}"]
    if all(wrong):
        yield modelsigning.NAME, wrong[0]


# Made after the directory's signature, or it.
_LATER = (ATTESTATION, modelsigning.NAME)


def _signed_by_model(manifest: Manifest) -> list[str]:
    return [NAME, *(path for path in manifest.beside if path not in _LATER)]


def _release(folder: Path, manifest: Manifest) -> dict[str, Any]:
    said = manifest.said
    beside = [digest_file(folder / p, folder) for p in manifest.beside if p != ATTESTATION]
    return statement(
        [(NAME, manifest.sha256), *((file.path, file.sha256) for file in beside)],
        RELEASE_PREDICATE,
        {
            "purl": f"pkg:generic/{_name(manifest)}@{said.get('version')}",
            "releaseId": said.get("merkle_root"),
            "curate:supersedeBy": said.get("supersede_by"),
        },
    )


def _summary(manifest: Manifest) -> dict[str, Any]:
    said = manifest.said
    rules = next((file.sha256 for file in manifest.files if file.path == RULES), "")
    return statement(
        [(NAME, manifest.sha256)],
        SUMMARY_PREDICATE,
        {
            "verifier": {"id": f"curate:{said.get('tool')}"},
            "timeCreated": said.get("as_of"),
            "policies": [{"uri": RULES, "digest": {"sha256": rules}}],
            "properties": ["CURATE_ALL_ITEMS_CLEARED", f"CURATE_ITEMS_{said.get('items')}"],
        },
    )


def _statement_of(folder: Path, manifest: Manifest) -> dict[str, Any]:  # noqa: ARG001 - as `_release`
    return _summary(manifest)


def opened_statement(
    path: Path, name: str, predicate: str, keys: Sequence[PublicKey]
) -> dict[str, Any]:
    """Return the statement in an envelope that one of `keys` signed, and that is as written.

    Raises:
        VerificationError: It is not.
    """
    data = path.read_bytes()
    try:
        envelope = json.loads(data)
    except (ValueError, RecursionError):
        raise VerificationError("this is no JSON", where=name) from None
    said = verify(envelope, keys, predicate_type=predicate, where=name)
    if not _as_written(envelope, data, keys):
        raise VerificationError("it is not as it was written", where=name)
    return said


def _as_written(envelope: dict[str, Any], data: bytes, keys: Iterable[PublicKey]) -> bool:
    """Return whether an envelope holds nothing but what its signature covers."""
    (signature, *more) = envelope["signatures"]
    whole = {
        "payload": _again(envelope["payload"]),
        "payloadType": envelope["payloadType"],
        "signatures": [{"keyid": signature.get("keyid"), "sig": _again(signature["sig"])}],
    }
    known = {key.keyid for key in keys}
    return not more and printed(whole) == data and signature.get("keyid") in known


def _again(text: str) -> str:
    return base64.b64encode(base64.b64decode(text)).decode()


def _model_key(keys: Sequence[SigningKey]) -> SigningKey | None:
    return next((k for k in keys if k.public.algorithm == modelsigning.ALGORITHM), None)


def _name(manifest: Manifest) -> str:
    return str(manifest.said.get("name"))
