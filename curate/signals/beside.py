"""What stands beside media: snapshots of a site's files, and the headers that files came with.

Beside an entry may lie files of its name: ``NAME.json`` (as img2dataset writes it) with its address
and headers, a packet of XMP, and texts; what a manifest says in columns that nothing else reads
belongs to them. In its folder, or any above it up to the media root, may lie ``robots.txt``,
``ai.txt``, ``tdmrep.json`` (also below ``.well-known``) and WARC files. The folder that holds a
snapshot stands for the root of the site, unless the entry's own address is known.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from curate.engine.stage import WholeStage
from curate.media.open import open_regular
from curate.schema import conform
from curate.signals import warc, words
from curate.signals.found import Signal, digest_of, rows
from curate.signals.headers import read_headers
from curate.signals.listing import Beside, list_beside, sidecars_of
from curate.signals.normal import UNREADABLE
from curate.signals.rsl import is_rsl, read_rsl
from curate.signals.sidecar import make_of, read_file, read_sidecar
from curate.signals.sites import MOST_LOOSE, paths_of, read_folder_file, read_snapshot
from curate.signals.words import NAMES_OF_SPLITS, leaves, quoted, refusing, refusing_name, spoken

__all__ = ["STAGE", "beside_stage", "list_beside", "read_beside"]

VERSION = "5"
STAGE = f"signals-beside/{VERSION}"
_ENTRIES = """
SELECT media_id, root, locator, e.sha256, extra, split, method, c.mime
FROM entries e LEFT JOIN content c ON c.sha256 = e.sha256
WHERE status = 'present' ORDER BY media_id
"""

Entry = dict[str, Any]


def beside_stage(entries: pa.Table) -> WholeStage:
    """Return the stage; it runs again when an entry or a file beside media changed.

    Args:
        entries: ``root`` and ``locator`` of all entries.
    """
    found = list_beside(entries.select(["root", "locator"]).to_pylist())
    mark = hashlib.sha256("\n".join(sorted(found.marks)).encode()).hexdigest()
    return WholeStage(
        name="signals-beside",
        version=VERSION,
        reads={"entries": _ENTRIES},
        work=partial(read_beside, found=found),
        writes=("signals", "beside_scans"),
        parameters={"beside": mark, "files": len(found.marks)},
    )


def read_beside(tables: dict[str, pa.Table], *, found: Beside) -> dict[str, pa.Table]:
    """Return rows of `signals` for what stands beside entries, and which entries were asked."""
    entries = [e for e in tables["entries"].to_pylist() if "://" not in e["root"]]
    said: dict[str, list[Signal]] = defaultdict(list)
    addresses: dict[str, str] = {}
    for entry in entries:
        said[entry["media_id"]] += guarded(partial(_columns, entry), "the columns of its manifest")
        if name := refusing_name(entry["locator"]):
            make = make_of(name.encode())
            why = f"the name of the file or its folder: “{name}”"
            said[entry["media_id"]].append(make("unreadable", "its name", why, uses=UNREADABLE))
        said[entry["media_id"]] += _unlisted(entry, found)
        for place in sidecars_of(entry, found):
            url, signals = _sidecar(entry, place)
            addresses[entry["media_id"]] = url or addresses.get(entry["media_id"], "")
            said[entry["media_id"]] += signals
    above = _Above(found)
    for entry in entries:
        said[entry["media_id"]] += above.told_of(entry, addresses.get(entry["media_id"]) or "")
    for root, places in found.warcs.items():
        for place in places:
            _read_warc(root, place, [e for e in entries if e["root"] == root], addresses, said)
    made = [
        row
        for media_id, signals in sorted(said.items())
        for row in rows(signals, about=media_id, about_kind="media", stage=STAGE)
    ]
    looked = [
        {"media_id": e["media_id"], "statements": len(said[e["media_id"]]), "stage": STAGE}
        for e in entries
    ]
    loose = sorted({place for places in found.loose.values() for place in places})
    notes = {"beside_no_entry": len(loose), "beside_no_entry_names": loose[:5]}
    return {
        "signals": conform(made, "signals"),
        "beside_scans": conform(looked, "beside_scans"),
        "notes": pa.table({"note": [json.dumps(notes)]}),
    }


def _unlisted(entry: Entry, found: Beside) -> Iterator[Signal]:
    """Yield for which folders of an entry nobody knows whether anything lies there."""
    for folder in PurePosixPath(entry["locator"]).parents:
        if why := found.unlisted.get((entry["root"], str(folder))):
            make = make_of(why.encode())
            yield make("unreadable", f"the files in {folder}", why, uses=UNREADABLE)


def _columns(entry: Entry) -> Iterator[Signal]:
    """Yield what columns of a manifest say that nothing else reads."""
    extra = entry["extra"] or "{}"
    told = json.loads(extra)
    if (split := entry.get("split")) and quoted(NAMES_OF_SPLITS.sub(" ", split)):
        told["split"] = split
    if (method := entry.get("method")) and refusing(method):
        told["method"] = method
    digest = digest_of(extra.encode())
    yield from spoken(leaves(told, "manifest column"), digest=digest, tool=words.TOOL)


def guarded(read: Callable[[], Iterable[Signal]], place: str) -> list[Signal]:
    """Return what a reader yields; where it fails in any way, that the file could not be read."""
    try:
        return list(read())
    except Exception as error:  # noqa: BLE001 - a file may break any reader, and ends no run
        return [_broken(error, place)]


def _broken(error: Exception, place: str) -> Signal:
    why = f"its reader failed: {type(error).__name__}"
    return make_of(place.encode())("unreadable", place, why, uses=UNREADABLE)


def _sidecar(entry: Entry, place: str) -> tuple[str, list[Signal]]:
    try:
        return read_sidecar(entry["root"], place, entry["locator"], entry.get("mime"))
    except Exception as error:  # noqa: BLE001 - a file may break any reader, and ends no run
        return "", [_broken(error, place)]


def _of_paths(
    place: str, kind: str, raw: bytes | None, paths: list[str], *, known: bool
) -> Iterator[Signal]:
    for path in paths:
        yield from read_snapshot(place, kind, raw, path, known=known)


class _Above:
    """What the files of folders say of all that is in them: each file is read once."""

    def __init__(self, found: Beside) -> None:
        self._found = found
        self._snapshots: dict[tuple[str, str], bytes | None] = {}
        self._loose: dict[tuple[str, str], tuple[list[Signal], bytes]] = {}

    def told_of(self, entry: Entry, address: str) -> Iterator[Signal]:
        """Yield what the files of an entry's folder, and of those above it, say."""
        root, locator = entry["root"], PurePosixPath(entry["locator"])
        known = bool(address)
        for folder in locator.parents:
            paths = paths_of(address) if known else [f"/{locator.relative_to(folder)}"]
            for place, kind in self._found.sites.get((root, str(folder)), ()):
                raw = self._snapshot(root, place)
                told = partial(_of_paths, place, kind, raw, paths, known=known)
                yield from dict.fromkeys(guarded(told, place))
            for place in self._found.loose.get((root, str(folder)), ()):
                signals, rsl = self._folder_file(root, place)
                yield from signals
                if rsl:
                    told = partial(read_rsl, paths[-1], rsl, make_of(rsl), place, known=known)
                    yield from guarded(told, place)

    def _snapshot(self, root: str, place: str) -> bytes | None:
        if (root, place) not in self._snapshots:
            self._snapshots[root, place] = read_file(root, place)
        return self._snapshots[root, place]

    def _folder_file(self, root: str, place: str) -> tuple[list[Signal], bytes]:
        if (root, place) not in self._loose:
            raw = read_file(root, place, MOST_LOOSE)
            is_licence = raw is not None and len(raw) <= MOST_LOOSE and is_rsl(raw)
            self._loose[root, place] = (
                guarded(partial(read_folder_file, place, raw), place),
                raw if is_licence and raw else b"")  # fmt: skip
        return self._loose[root, place]


def _read_warc(
    root: str,
    place: str,
    entries: list[Entry],
    addresses: dict[str, str],
    said: dict[str, list[Signal]],
) -> None:
    """Give each entry what the responses of a WARC file say that it is, or may be, from."""
    by: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for name in (entry["sha256"], addresses.get(entry["media_id"]), entry["locator"]):
            if name:
                by[name].append(entry["media_id"])
    try:
        with (
            open_regular(Path(root, place), root=Path(root)) as descriptor,
            os.fdopen(os.dup(descriptor), "rb") as file,
        ):
            for one in warc.responses(file, packed=place.endswith(".gz")):
                names = (one.sha256, one.url, one.url.partition("://")[2])
                for media_id in {m for name in names for m in by.get(name, ())}:
                    said[media_id] += read_headers(one.headers, make_of(one.raw), place)
    except Exception as error:  # noqa: BLE001 - whatever breaks its reader, the run goes on
        # Which entries the rest spoke of is not known.
        for entry in entries:
            make = make_of(place.encode())
            why = str(error) or type(error).__name__
            said[entry["media_id"]].append(make("unreadable", place, why, uses=UNREADABLE))
