"""Verify a release: nothing is needed but its folder and a public key.

Everything that is wrong is told, each with its place, and not only the first: whoever holds a
damaged copy wants to know what else to fetch again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import ArrowException, parquet

from curate.errors import VerificationError
from curate.model.files import FileDigest
from curate.model.instants import parse_instant
from curate.release import evidence, log
from curate.release import modelsigning as model
from curate.release.attest import ATTESTATION, SUMMARY, TOKEN, check_attestations
from curate.release.export import parquet as items
from curate.release.feed import FEED, check_feed
from curate.release.manifest import NAME, Manifest, digest_file, read_manifest
from curate.release.timestamp import stamped_at
from curate.release.version import order_of
from curate.signing import PublicKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

# Hashing leaves the interpreter: more threads than this wait for the disk.
_THREADS = 4
_BATCH = 64
# What may be made from a manifest, and so be out of its list.
_BESIDE = {log.CHECKPOINT, log.INCLUSION, log.CONSISTENCY, ATTESTATION, SUMMARY, TOKEN, model.NAME}


@dataclass(frozen=True, order=True)
class Failure:
    """One thing that is wrong with a release.

    Attributes:
        where: The file.
        problem: What was found.
    """

    where: str
    problem: str


@dataclass(frozen=True)
class Verified:
    """What came of verifying a release.

    Attributes:
        failures: What is wrong, in order of place.
        warnings: What was not checked, and what a holder should do.
        manifest: Its manifest; None where it cannot be read.
        stamped: When a trusted authority stamped it, in UTC; None where none did.
    """

    failures: tuple[Failure, ...]
    warnings: tuple[str, ...] = ()
    manifest: Manifest | None = None
    stamped: datetime | None = None

    def __bool__(self) -> bool:
        return not self.failures


def verify(
    folder: Path,
    keys: Sequence[PublicKey] = (),
    previous: Path | None = None,
    *,
    authorities: Sequence[Certificate] = (),
    now: datetime | None = None,
) -> Verified:
    """Check a release against its manifest, its signatures, its log and its evidence.

    Args:
        folder: The release.
        keys: Public keys that are trusted; without one, nothing shows who made the release.
        previous: The release before it, which it must go on from.
        authorities: Certificates of who vouches for time-stamp authorities; with one, the
            release must be stamped.
        now: The instant to tell its age at; not told when None.
    """
    try:
        manifest = read_manifest(folder)
    except VerificationError as error:
        return Verified((Failure(error.where, error.problem),))
    if unknown := sorted(set(manifest.beside) - _BESIDE):
        return Verified((Failure(NAME, f"it leaves {unknown[0]!r} out of its list"),))
    found = {Failure(*problem) for problem in _files(folder, manifest)}
    # What has another digest than it should is told once: what is in it proves nothing.
    broken = {failure.where for failure in found}
    for check in (_log, _evidence, _feed):
        found |= {Failure(*problem) for problem in check(folder, manifest, broken)}
    if keys:
        found |= {Failure(*p) for p in check_attestations(folder, manifest, keys)}
        if not broken:
            found |= {Failure(*p) for p in check_feed(folder / FEED, keys)}
    if previous is not None:
        found |= {Failure(*problem) for problem in _previous(folder, manifest, previous)}
    stamped = None
    try:
        stamped = _stamped(folder, manifest, authorities)
    except VerificationError as error:
        found.add(Failure(TOKEN, error.problem))
    warnings = tuple(_warnings(manifest, keys, previous, now))
    if TOKEN in manifest.beside and not authorities:
        warnings += ("its time stamp was not checked: name the certificate of who vouches for it",)
    return Verified(tuple(sorted(found)), warnings, manifest, stamped)


def files_below(folder: Path) -> tuple[list[str], list[str]]:
    """Return the plain files below a folder by path, and what is neither file nor folder."""
    files, strange = [], []
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), path + "/"))
                elif entry.is_file(follow_symlinks=False):
                    files.append(path)
                else:
                    strange.append(path)
    return sorted(files), sorted(strange)


def digests(folder: Path, paths: Sequence[str]) -> Iterator[FileDigest]:
    """Yield the digest of each file below a folder, in the order given."""
    batches = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]

    def work(batch: Sequence[str]) -> list[FileDigest]:
        return [digest_file(folder / path, folder) for path in batch]

    with ThreadPoolExecutor(_THREADS) as pool:
        for done in pool.map(work, batches):
            yield from done


def _files(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield files that are missing, changed, renamed, or not listed."""
    listed = {file.path: file for file in manifest.files}
    if len(listed) < len(manifest.files):
        yield NAME, "it lists a file twice"
    found, strange = files_below(folder)
    yield from ((path, "it is no plain file") for path in strange)
    known = {NAME, *manifest.beside}
    there = {file.path: file for file in digests(folder, [p for p in found if p not in known])}
    missing = {p: file for p, file in listed.items() if p not in there}
    by_content = {file.sha256: path for path, file in missing.items()}
    for path, file in there.items():
        if path not in listed:
            was = by_content.get(file.sha256)
            yield path, "it is not in the manifest" if was is None else f"it was {was}"
        elif file != listed[path]:
            yield path, "it has other bytes than the manifest says"
    yield from ((path, "it is missing") for path in missing)
    yield from ((path, "it is missing") for path in manifest.beside if path not in set(found))


def _log(folder: Path, manifest: Manifest, broken: set[str]) -> Iterator[tuple[str, str]]:
    if log.INCLUSION not in manifest.beside:
        yield NAME, "it names no log"
    elif not broken & set(manifest.beside):
        yield from log.check_log(folder, manifest)


def _evidence(folder: Path, manifest: Manifest, broken: set[str]) -> Iterator[tuple[str, str]]:
    """Yield where verdicts do not follow from the evidence, or are not of what went out."""
    needed = {evidence.VERDICTS, evidence.FINDINGS, evidence.REVIEWS, evidence.RULES}
    listed = {file.path for file in manifest.files}
    yield from ((path, "it is not in the release") for path in sorted(needed - listed))
    tables = [path for path in sorted(listed) if path.startswith(f"{items.FOLDER}/")]
    if broken & {*needed, *tables} or needed - listed:
        return
    try:
        rules = json.loads((folder / evidence.RULES).read_bytes())
        released: list[str] = []
        for path in tables:
            table = parquet.read_table(folder / path, columns=["media_id"])
            released += table["media_id"].to_pylist()
        if len(released) != manifest.said.get("items") or len(set(released)) != len(released):
            yield NAME, f"it says {manifest.said.get('items')} items, and there are {len(released)}"
        yield from evidence.replay(folder, rules, set(released))
    except (ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        yield evidence.VERDICTS, f"the evidence cannot be read: {error}"


def _feed(folder: Path, manifest: Manifest, broken: set[str]) -> Iterator[tuple[str, str]]:
    if FEED not in {file.path for file in manifest.files}:
        yield NAME, "it lists no withdrawal feed"
    elif FEED not in broken:
        yield from check_feed(folder / FEED, ())


def _stamped(
    folder: Path, manifest: Manifest, authorities: Sequence[Certificate]
) -> datetime | None:
    """Return when a trusted authority stamped the manifest; None where none is trusted.

    Raises:
        VerificationError: The token is not over this manifest, or none that is trusted made it.
    """
    if TOKEN not in manifest.beside:
        if authorities:
            raise VerificationError("the release has no time stamp")
        return None
    try:
        token = (folder / TOKEN).read_bytes()
    except OSError as error:
        raise VerificationError(f"it cannot be read: {error.strerror}") from None
    moment = stamped_at(token, (folder / NAME).read_bytes(), authorities)
    return moment if authorities else None


def _previous(folder: Path, manifest: Manifest, previous: Path) -> Iterator[tuple[str, str]]:
    try:
        before = read_manifest(previous)
    except VerificationError as error:
        yield f"{previous.name}/{NAME}", error.problem
        return
    named = manifest.said.get("previous")
    if not isinstance(named, dict) or named.get("manifest_sha256") != before.sha256:
        yield NAME, f"it does not go on from {previous.name}"
        return
    versions = [str(one.said.get("version")) for one in (before, manifest)]
    if order_of(versions[0]) >= order_of(versions[1]):
        yield NAME, f"version {versions[1]} does not follow {versions[0]}"
    yield from log.check_chain(folder, previous)
    yield from check_feed(folder / FEED, (), before=previous / FEED)


def _warnings(
    manifest: Manifest, keys: Iterable[PublicKey], previous: Path | None, now: datetime | None
) -> Iterator[str]:
    said: Any = manifest.said
    if not tuple(keys):
        signed = ATTESTATION in manifest.beside
        what = "its signature was not checked" if signed else "it is not signed"
        yield f"{what}: nothing shows who made this release"
    if said.get("previous") and previous is None:
        yield (f"it follows version {said['previous'].get('version')}: name that release to check "
               "that it goes on from it")  # fmt: skip
    due = said.get("supersede_by")
    if now is not None and due and now >= parse_instant(due):
        yield f"it should have been looked after by {due}: ask for a newer release and its feed"
