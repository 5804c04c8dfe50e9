"""Edited copies of listed pictures among 10^5 items, beside python-threatexchange.

The list holds the PDQ of photographs (the London set, PDQ's reference data) in the form that
StopNCII hands out; every fifth was withdrawn. What is checked is an edited copy of each photograph
by each edit of `bench dedup-quality`, filled up with made-up hashes to 10^5 items, and, unless
quick, ThreatExchange's sample videos, whose originals are listed as vPDQ files.

Which copies lie within the stated radius (31 bits in one of eight flips and turns, quality 50) is
counted here plainly, pair by pair. All of these must be matches, nothing withdrawn may be, and
python-threatexchange, which reads the same records and is asked for the same copies (and 2,000 of
the made-up ones), may match none that ours does not find.

    python -m bench listed-edits [--quick]
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.dedup_quality import DATA, ROOT, originals, write_files
from bench.edits import EDITS
from bench.video_quality import ORIGINALS, UNSEEN
from curate.media import probe_media
from curate.safety.folder import Hashed, hash_folder
from curate.safety.formats import read_list
from curate.safety.lists import HashList, ListInfo
from curate.safety.match import match
from curate.safety.stage import items_of
from tests.unit.safety.test_stage import NOW

ITEMS, ASKED = 100_000, 2_000
RADIUS, QUALITY = 31, 50

_PEER = """
import json, sys
from threatexchange.exchanges.clients.stopncii import api
from threatexchange.exchanges.impl import stop_ncii_api as impl
from threatexchange.signal_type.pdq.signal import PdqSignal
records, queries = json.load(sys.stdin)
told = [api.StopNCIIHashRecord(0, api.StopNCIISignalType(r["signalType"]), r["hashValue"],
        api.StopNCIICaseStatus(r["hashStatus"]), {}) for r in records]
fetched = dict(impl._get_delta_mapping(r) for r in told)
signals = impl.StopNCIISignalExchangeAPI.naive_convert_to_signal_type([PdqSignal], None, fetched)
listed = sorted(signals[PdqSignal])
index = PdqSignal.get_index_cls()((one, one) for one in listed)
print(json.dumps([[(m.metadata, m.similarity_info.distance) for m in index.query(q)]
                  for q in queries]))
"""

Found = dict[str, dict[str, str]]


def run(*, quick: bool) -> dict[str, Any]:
    """Print the table, and return figures, targets and whether they are met.

    Args:
        quick: A sixth of the photographs, and no videos.
    """
    photos = originals(quick=quick)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "files"
        folder.mkdir()
        write_files(folder, photos)
        for path in [*folder.glob("*@.jpg"), *folder.glob("bridge*@[a-z]*.jpg")]:
            path.unlink()
        copies = hash_folder(folder, [])
        records = _records(photos)
        listed = Path(place) / "list.json"
        listed.write_text(json.dumps(list(records.values())), encoding="utf-8")
        stopncii = HashList(ListInfo("stopncii", "", "ncii", NOW, NOW), read_list(listed).entries)
    items = _filled(copies.items)
    ours = _matched(copies, items, stopncii)
    within = _within(copies, records)
    theirs = _peer(copies, items, records)
    rows = _rows(copies, records, ours, within, theirs)
    print(f"{len(photos)} photographs on the list, {len(copies.paths):,} copies among {ITEMS:,}")
    print(f"{'':28}{'within':>10}{'match':>10}{'near':>10}{'threatexchange':>16}   of copies")
    for edit, row in rows.items():
        print(f"{edit:28}{row['within']:10.3f}{row['match']:10.3f}{row['near']:10.3f}"
              f"{row['threatexchange']:16.3f}")  # fmt: skip
    checks = _checks(copies, records, ours, within, theirs)
    videos = {} if quick else _videos()
    asked = {name for name in videos if not any(word in name for word in UNSEEN)}
    checks |= {f"video {name}": videos[name]["band"] == "match" for name in sorted(asked)}
    print(f"\nchecks: {', '.join(f'{k}: {v}' for k, v in checks.items())}")
    return {"benchmark": "listed-edits", "quick": quick, "figures": rows, "videos": videos,
            "checks": checks, "met": all(checks.values())}  # fmt: skip


def _records(photos: dict[str, Path]) -> dict[str, dict[str, str]]:
    """Return the list's records by photograph; every fifth was withdrawn."""
    found = {}
    for number, (name, path) in enumerate(photos.items()):
        pdq = probe_media(path, root=path.parent).content["pdq"]
        assert isinstance(pdq, bytes)
        status = "Withdrawn" if number % 5 == 4 else "Active"
        found[name] = {"hashValue": pdq.hex(), "signalType": "ImagePDQ", "hashStatus": status}
    return found


def _filled(copies: pa.Table) -> pa.Table:
    """Return the copies and made-up items, `ITEMS` in all."""
    more = ITEMS - copies.num_rows
    codes = np.random.default_rng(0).integers(0, 256, (more, 8, 32), dtype=np.uint8)
    turned = [row.tobytes() for row in codes]
    names = [f"f{number:063x}" for number in range(more)]
    made = pa.table(
        {"sha256": names, "md5": pa.nulls(more, pa.string()), "sha1": pa.nulls(more, pa.string()),
         "kind": ["image"] * more, "pdq": [row[:32] for row in turned],
         "pdq_quality": np.full(more, 90, np.int16), "pdq_dihedral": turned},
        schema=copies.schema,
    )  # fmt: skip
    return pa.concat_tables([copies, made]).sort_by("sha256").combine_chunks()


def _matched(copies: Hashed, items: pa.Table, listed: HashList) -> Found:
    """Return what each copy matched, by band: hashes of the list, in hexadecimal digits."""
    names = items["sha256"].to_pylist()
    path = {name: paths[0] for name, paths in zip(copies.digests, copies.paths, strict=True)}
    values = listed.active["value"].to_pylist()
    found: Found = {}
    for row in match(items_of(items, copies.frames), [listed]).matches.to_pylist():
        sha256 = names[row["item"]]
        place = path.get(sha256, sha256)
        found.setdefault(place, {})[values[row["entry"]].hex()] = row["band"]
    return found


def _within(copies: Hashed, records: dict[str, dict[str, str]]) -> dict[str, bool]:
    """Return which copies lie within the radius of their own original, counted plainly."""
    found = {}
    for row, paths in zip(copies.items.to_pylist(), copies.paths, strict=True):
        listed = bytes.fromhex(records[_origin(paths[0])]["hashValue"])
        turns = _bits(row["pdq_dihedral"]).reshape(8, 256)
        nearest = int((turns != _bits(listed)).sum(axis=1).min())
        for path in paths:
            found[path] = nearest <= RADIUS and row["pdq_quality"] >= QUALITY
    return found


def _bits(code: bytes) -> npt.NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(code, np.uint8))


def _peer(copies: Hashed, items: pa.Table, records: dict[str, dict[str, str]]) -> Found:
    """Return what python-threatexchange matched."""
    python = Path(os.environ.get("CURATE_BENCH_PYTHON", ROOT / ".bench-venv/bin/python"))
    if not python.exists():
        raise SystemExit("python-threatexchange is absent; run `make bench-setup` first")
    own = set(copies.digests)
    asked = {row["sha256"]: row["pdq"].hex() for row in copies.items.to_pylist() if row["pdq"]}
    made_up = [row for row in items.select(["sha256", "pdq"]).to_pylist()
               if row["sha256"] not in own]  # fmt: skip
    asked |= {row["sha256"]: row["pdq"].hex() for row in made_up[:ASKED]}
    done = subprocess.run(
        [str(python), "-c", _PEER], input=json.dumps([list(records.values()), [*asked.values()]]),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    path = {name: paths[0] for name, paths in zip(copies.digests, copies.paths, strict=True)}
    return {
        path.get(sha256, sha256): {value: "match" for value, _ in hits}
        for sha256, hits in zip(asked, json.loads(done.stdout.splitlines()[-1]), strict=True)
    }


def _rows(
    copies: Hashed,
    records: dict[str, dict[str, str]],
    ours: Found,
    within: dict[str, bool],
    theirs: Found,
) -> dict[str, dict[str, float]]:
    """Return shares of the copies of listed photographs, by edit, then of the withdrawn ones."""
    names = list(EDITS)
    by_edit: dict[str, list[str]] = {}
    for path in (path for paths in copies.paths for path in paths):
        held = records[_origin(path)]["hashStatus"] == "Active"
        edit = names[int(path.rpartition("@")[2][:2])] if held else "(withdrawn, all edits)"
        by_edit.setdefault(edit, []).append(path)

    def share(paths: list[str], found: Found, band: str) -> float:
        hits = (found.get(p, {}).get(records[_origin(p)]["hashValue"]) == band for p in paths)
        return sum(hits) / len(paths)

    order = [*names, "(withdrawn, all edits)"]
    return {
        edit: {
            "within": sum(within[p] for p in by_edit[edit]) / len(by_edit[edit]),
            "match": share(by_edit[edit], ours, "match"),
            "near": share(by_edit[edit], ours, "near"),
            "threatexchange": share(by_edit[edit], theirs, "match"),
        }
        for edit in order if edit in by_edit
    }  # fmt: skip


def _checks(
    copies: Hashed,
    records: dict[str, dict[str, str]],
    ours: Found,
    within: dict[str, bool],
    theirs: Found,
) -> dict[str, bool]:
    withdrawn = {r["hashValue"] for r in records.values() if r["hashStatus"] == "Withdrawn"}
    # One photograph may be on the list twice, once withdrawn and once not.
    withdrawn -= {r["hashValue"] for r in records.values() if r["hashStatus"] == "Active"}
    first = [paths[0] for paths in copies.paths]
    asked = {p: records[_origin(p)]["hashValue"] for p in first}
    return {
        "all within the radius are matches": all(
            ours.get(p, {}).get(value) == "match"
            for p, value in asked.items() if within[p] and value not in withdrawn
        ),
        "nothing withdrawn is": not any(withdrawn & hits.keys() for hits in ours.values()),
        "threatexchange finds none that ours misses": not any(
            hits.keys() - withdrawn - ours.get(place, {}).keys() for place, hits in theirs.items()
        ),
    }  # fmt: skip


def _videos() -> dict[str, dict[str, Any]]:
    """Return what is found of edited videos whose originals are listed."""
    source = DATA / "duplicates" / "tmk" / "sample-videos"
    hashed = hash_folder(source, [])
    frames: dict[str, list[dict[str, Any]]] = {}
    for row in hashed.frames.to_pylist():
        frames.setdefault(row["sha256"], []).append(row)
    stem = {d: Path(p[0]).stem for d, p in zip(hashed.digests, hashed.paths, strict=True)}
    digest = {name: sha256 for sha256, name in stem.items()}
    lists = []
    with tempfile.TemporaryDirectory() as place:
        for name in ORIGINALS.values():
            lines = [f"{n},{f['pdq_quality']},{f['pdq'].hex()},{n}"
                     for n, f in enumerate(frames[digest[name]])]  # fmt: skip
            path = Path(place) / f"{name}.txt"
            path.write_text("\n".join(lines), encoding="utf-8")
            entries = read_list(path, form="vpdq").entries
            lists.append(HashList(ListInfo(name, "", "ncii", NOW, NOW), entries))
    none = {"band": "-", "compared": 0.0, "query": 0.0}
    found: dict[str, dict[str, Any]] = {
        name: none for name in sorted(digest) if name.split("-", maxsplit=1)[0] in ORIGINALS
    }
    for row in hashed.match(lists).matches.to_pylist():
        name = stem[hashed.digests[row["item"]]]
        if row["list_id"] == ORIGINALS.get(name.split("-", maxsplit=1)[0]):
            found[name] = {key: row[key] for key in none}
    for name, told in found.items():
        print(f"{name:36}{told['band']:>8}{told['compared']:8.1f} %{told['query']:8.1f} %")
    print(f"known not to be seen: {', '.join(UNSEEN)}")
    return found


def _origin(path: str) -> str:
    return path.split("@", maxsplit=1)[0]
