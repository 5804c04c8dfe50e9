"""Verifying a bundle: nothing is needed but its folder, and a public key to know who made it.

What was checked is told, and what was not: nothing is left to be inferred from silence.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from curate.catalog.heads import Head
from curate.errors import CurateError, VerificationError
from curate.model.plural import counted
from curate.release.attest import TOKEN, opened_statement
from curate.release.bundle.contents import (
    CHECKPOINT,
    PROOF,
    RULES,
    SARIF,
    SETTINGS,
    TABLES,
    TOOL_FILE,
    media_lines,
    policy_sha256,
)
from curate.release.bundle.write import KIND, PREDICATE, PUBLIC_KEY, SIGNATURE, said_of
from curate.release.manifest import NAME, Manifest, read_manifest
from curate.release.timestamp import stamped_at
from curate.release.verify import Failure, digests, files_below
from curate.report.csv_tables import ENTRIES, FINDINGS
from curate.signing import PublicKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Problem = tuple[str, str]
PAGE, FIGURES, PDF = "audit.html", "audit.json", "audit.pdf"
# What every bundle holds; a PDF only where something here could print one.
NEEDED = (PAGE, FIGURES, ENTRIES, FINDINGS, SARIF, SETTINGS, RULES, TABLES, TOOL_FILE, CHECKPOINT,
          PROOF)  # fmt: skip
# A row of CSV may be as long as a locator and a sentence are.
_LONGEST_CELL = 1 << 24


@dataclass(frozen=True)
class Checked:
    """What came of verifying a bundle.

    Attributes:
        failures: What is wrong, in order of place.
        held: What was checked and holds.
        unchecked: What was not checked, and why.
        said: What its list says; empty where it cannot be read.
        signer: The id of the trusted key that signed it; None where none is known to have.
        stamped: When an authority that is trusted stamped it, in UTC; None where none did.
    """

    failures: tuple[Failure, ...]
    held: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    said: Any = None
    signer: str | None = None
    stamped: datetime | None = None

    def __bool__(self) -> bool:
        return not self.failures


def check_bundle(
    folder: Path, keys: Sequence[PublicKey] = (), *, authorities: Sequence[Certificate] = ()
) -> Checked:
    """Check a bundle against its list, its signature, its time stamp and itself.

    Args:
        folder: The bundle.
        keys: Public keys that are trusted; with one, the bundle must be signed by it.
        authorities: Certificates of who vouches for time-stamp authorities; with one, the bundle
            must be stamped.
    """
    try:
        # What is no plain file may never end.
        if (folder / NAME).exists() and not (folder / NAME).is_file():
            return Checked((Failure(NAME, "it is no plain file"),))
        manifest = read_manifest(folder)
    except VerificationError as error:
        return Checked((Failure(error.where, _of_bundle(error.problem)),))
    said = manifest.said
    named = [*manifest.beside, *(file.path for file in manifest.files)]
    if said.get("kind") != KIND or not all(isinstance(path, str) for path in named):
        return Checked((Failure(NAME, "this is the list of something else, and of no bundle"),))
    found = {Failure(*problem) for problem in _files(folder, manifest)}
    held, unchecked = [], []
    if not found:
        files = len(manifest.files)
        held.append(f"{counted(files, 'file')} and the list of them: each is there, with the bytes "
                    "that the list says, and nothing else is in the folder")  # fmt: skip
        inside = {Failure(*problem) for problem in _inside(folder, manifest)}
        if not inside:
            held.append(
                "that the ledger's head is of the ledger that it names; that entries.csv and "
                "findings.csv hold what audit.json counts; and that settings, media list and "
                "findings have the digests and numbers that are stated"
            )
        found |= inside
    else:
        unchecked.append("whether what is in the files agrees, because of what is wrong")
    signer = _signature(folder, manifest, keys, found, held, unchecked)
    stamped = _stamp(folder, manifest, authorities, found, held, unchecked)
    unchecked.append(
        "whether the tables, the media, the tool and the ledger are those of the digests and the "
        "head, which takes the workspace, the media and the tool"
    )
    return Checked(
        tuple(sorted(found)), tuple(held), tuple(unchecked), said,
        signer if not found else None, stamped if not found else None,
    )  # fmt: skip


def _of_bundle(problem: str) -> str:
    return problem.replace("manifest", "list of files")


def _files(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield files that are missing, changed, not listed, or needed and not listed."""
    listed = {file.path: file for file in manifest.files}
    if len(listed) < len(manifest.files):
        yield NAME, "it lists a file twice"
    if unknown := sorted(set(manifest.beside) - {SIGNATURE, TOKEN}):
        yield NAME, f"it leaves {unknown[0]!r} out of its list"
    if SIGNATURE in manifest.beside and PUBLIC_KEY not in listed:
        yield NAME, f"it does not list {PUBLIC_KEY}, though it names a signature"
    yield from ((path, "no bundle is without it, and it is not listed")
                for path in NEEDED if path not in listed)  # fmt: skip
    found, strange = files_below(folder)
    yield from ((path, "it is no plain file") for path in strange)
    known = {NAME, *manifest.beside}
    yield from ((path, "it was added: the list does not have it")
                for path in found if path not in known and path not in listed)  # fmt: skip
    yield from ((path, "this folder was added: no file of the list is in it")
                for path in _folders(folder) - _above([*listed, *manifest.beside]))  # fmt: skip
    there = [path for path in found if path in listed]
    yield from ((file.path, "it has other bytes than the list says")
                for file in digests(folder, there) if file != listed[file.path])  # fmt: skip
    lost = sorted({*listed, *manifest.beside} - set(found) - set(strange))
    yield from ((path, "it is missing") for path in lost)


def _folders(folder: Path) -> set[str]:
    """Return the folders below a folder, by path; links are none."""
    return {
        (Path(place) / name).relative_to(folder).as_posix()
        for place, names, _ in os.walk(folder)
        for name in names if not (Path(place) / name).is_symlink()
    }  # fmt: skip


def _above(paths: Iterable[str]) -> set[str]:
    """Return the folders that paths lead through."""
    return {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents}


def _inside(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Yield where the files of a bundle do not agree with one another."""
    checks: tuple[tuple[str, Callable[[Path], Iterator[Problem]]], ...] = (
        (FIGURES, partial(_said, manifest)),
        (PROOF, _ledger), (SETTINGS, _settings), (ENTRIES, _entries), (FINDINGS, _findings),
    )  # fmt: skip
    for path, check in checks:
        try:
            yield from check(folder)
        except (CurateError, OSError, ValueError, KeyError, TypeError, AttributeError,
                RecursionError, csv.Error) as error:  # fmt: skip
            yield path, f"it cannot be read: {error!r}"


def _json(folder: Path, path: str) -> Any:
    return json.loads((folder / path).read_bytes())


def _said(manifest: Manifest, folder: Path) -> Iterator[Problem]:
    """Yield where the list says of the audit what its figures do not."""
    told, said = _json(folder, FIGURES), manifest.said
    wanted = {
        **{name: told[name] for name in ("project", "audit", "as_of", "tool")},
        "use": told["use"]["name"],
        "counts": told["verdicts"],
        "pdf": PDF in {file.path for file in manifest.files},
        "kind": KIND,
    }
    for name in sorted({*wanted, *said} - {"beside", "files", "merkle_root"}):
        if name not in wanted or said.get(name) != wanted[name]:
            yield NAME, f"what it says of {name!r} is not what {FIGURES} says"


def _ledger(folder: Path) -> Iterator[Problem]:
    text = (folder / CHECKPOINT).read_text("ascii")
    if not Head.from_json(text, _json(folder, PROOF)):
        yield (
            PROOF,
            "it does not show that the ledger named in ledger/checkpoint had that head",
        )


def _settings(folder: Path) -> Iterator[Problem]:
    told = _json(folder, SETTINGS)
    if policy_sha256(told["policy"]) != told["policy_sha256"]:
        yield SETTINGS, "the settings do not have the digest that it says"
    rows = [row for table in _json(folder, FIGURES)["appendix"] for row in table["rows"]]
    if told["policy_sha256"] not in [row[-1] for row in rows]:
        yield FIGURES, f"it was judged by other settings than {SETTINGS} has"


def _entries(folder: Path) -> Iterator[Problem]:
    verdicts: Counter[str] = Counter()
    files = {}
    for row in _rows(folder / ENTRIES):
        verdicts[row["verdict"]] += 1
        files[row["media_id"]] = row["sha256"] or "-"
    told = _json(folder, FIGURES)["verdicts"]
    if {name: n for name, n in told.items() if n} != dict(verdicts):
        yield ENTRIES, f"its verdicts are not those that {FIGURES} counts"
    digests = _json(folder, TABLES)
    lines = media_lines((media, files[media]) for media in sorted(files))
    if hashlib.sha256(lines).hexdigest() != digests["media_list"]["sha256"]:
        yield ENTRIES, f"its entries and files are not those of the media list in {TABLES}"


def _findings(folder: Path) -> Iterator[Problem]:
    by_rule: dict[tuple[str, str], tuple[set[str], int]] = {}
    for row in _rows(folder / FINDINGS):
        key = row["rule"], row["effect"]
        entries, count = by_rule.get(key, (set(), 0))
        entries.add(row["media_id"])
        by_rule[key] = entries, count + 1
    told = _json(folder, FIGURES)["found"]
    if {(one["rule"], one["effect"]) for one in told} != set(by_rule):
        yield FINDINGS, f"its rules are not those of {FIGURES}"
        return
    for one in told:
        entries, count = by_rule[one["rule"], one["effect"]]
        for shown, number in ((one["entries"], len(entries)), (one["findings"], count)):
            if isinstance(shown, int) and shown != number:
                yield FINDINGS, f"{one['rule']}: it has {number:,}, and {FIGURES} says {shown:,}"
    rows = _json(folder, TABLES)["tables"]["findings"]["rows"]
    if rows != sum(count for _, count in by_rule.values()):
        yield FINDINGS, f"it does not have the {rows:,} findings of {TABLES}"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _signature(
    folder: Path,
    manifest: Manifest,
    keys: Sequence[PublicKey],
    found: set[Failure],
    held: list[str],
    unchecked: list[str],
) -> str | None:
    """Check the signature; return the id of the trusted key that made it."""
    if SIGNATURE not in manifest.beside:
        text = "the bundle bears no signature"
        if keys:
            found.add(Failure(SIGNATURE, text))
        unchecked.append("who made it: the bundle bears no signature")
        return None
    broken = {failure.where for failure in found}
    if {SIGNATURE, TOKEN} & broken or (PUBLIC_KEY in broken and not keys):
        unchecked.append(
            "who made it: the signature, its key or the time stamp is not there as it was"
        )
        return None
    try:
        if keys:
            return _trusted(folder, manifest, keys, held)
        enclosed = PublicKey.from_pem((folder / PUBLIC_KEY).read_text("ascii"), where=PUBLIC_KEY)
        keyid = _signer(folder, manifest, [enclosed])
    except (CurateError, OSError, ValueError) as error:
        problem = error.problem if isinstance(error, CurateError) else f"it cannot be read: {error}"
        found.add(Failure(SIGNATURE, problem))
        return None
    held.append(f"the signature over the list: it is by the key in {PUBLIC_KEY}, {keyid}")
    unchecked.append(
        f"whose key that is: anybody could have put {PUBLIC_KEY} there; name the key that you "
        "trust with --key"
    )
    return None


def _trusted(folder: Path, manifest: Manifest, keys: Sequence[PublicKey], held: list[str]) -> str:
    keyid = _signer(folder, manifest, keys)
    held.append(f"the signature over the list: it is by a key that you trust, {keyid}")
    return keyid


def _signer(folder: Path, manifest: Manifest, keys: Sequence[PublicKey]) -> str:
    """Return the id of the key that made the signature, one of `keys`.

    Raises:
        VerificationError: None of them did, or it is over something else.
        OSError: A file cannot be read.
    """
    said = opened_statement(folder / SIGNATURE, SIGNATURE, PREDICATE, keys)
    if said != said_of(folder, manifest):
        raise VerificationError("it was made over another list, or another time stamp")
    # It has one signature, by one of these: `opened_statement` sees to it.
    return str(json.loads((folder / SIGNATURE).read_bytes())["signatures"][0]["keyid"])


def _stamp(
    folder: Path,
    manifest: Manifest,
    authorities: Sequence[Certificate],
    found: set[Failure],
    held: list[str],
    unchecked: list[str],
) -> datetime | None:
    """Check the time stamp; return when an authority that is trusted made it."""
    if TOKEN not in manifest.beside:
        if authorities:
            found.add(Failure(TOKEN, "the bundle has no time stamp"))
        unchecked.append(
            "when it was made: the bundle has no time stamp, and only itself names a time"
        )
        return None
    if TOKEN in {failure.where for failure in found}:
        unchecked.append("when it was made: the time stamp is not there as it was")
        return None
    try:
        token, message = (folder / TOKEN).read_bytes(), (folder / NAME).read_bytes()
        moment = stamped_at(token, message, authorities)
    except (CurateError, OSError) as error:
        found.add(Failure(TOKEN, error.problem if isinstance(error, CurateError)
                          else f"it cannot be read: {error.strerror}"))  # fmt: skip
        return None
    if not authorities:
        unchecked.append(
            "who made its time stamp: name the certificate of who vouches for the authority with "
            "--tsa-certificate"
        )
        return None
    held.append(f"the time stamp: an authority that you trust stamped the list on "
                f"{moment:%Y-%m-%d at %H:%M:%S} UTC")  # fmt: skip
    return moment
