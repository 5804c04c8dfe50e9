"""Signals: pictures with refusals beside Spawning's datadiligence, and the time for mixed files.

First four JPEGs signed here (CAWG notAllowed, the older label, a damaged record, no record) and
the shared provenance files with a statement of use: what each tool says of training a detector.
datadiligence knows allowed and refused only. Then 5,000 mixed files (seven in ten photographs
without a statement, two with XMP, IPTC or EXIF, one with a C2PA record), read one after the other
in one process: ours with rows and conflicts, the peer's c2pa-python and Pillow alone,
alternating in blocks, least of three.

    python -m bench signals [--quick]
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.media.sniff import sniff
from curate.signals.content import Read, read_picture
from curate.signals.stage import read_batch
from tests.unit.signals.made import mining, picture, signed

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT.parent / "shared" / "data"))
FULL, QUICK, BLOCK = 5_000, 500, 250
TARGET = 1.5
SAMPLES = (
    "datadiligence/sample_c2pa.png",
    "generated/c2pa_compositeSynthetic_cawg_tdm.jpg",
    "generated/c2pa_digitalCapture_legacy_tdm.jpg",
    "generated/c2pa_mixed_prefix_tdm.jpg",
    "generated/xmp/cc_by_but_dmi_prohibited.jpg",
    "generated/xmp/plus_DMI-PROHIBITED.jpg",
    "generated/xmp/plus_DMI-PROHIBITED-AIMLTRAINING.jpg",
    "generated/xmp/plus_DMI-PROHIBITED-GENAIMLTRAINING.jpg",
    "generated/xmp/plus_DMI-PROHIBITED-SEECONSTRAINT.jpg",
    "generated/xmp/plus_dmi_unknown_value.jpg",
    "generated/xmp/xmp_malformed.jpg",
    "generated/xmp/xmp_entity_bomb.jpg",
)

_PEER = """
import json, sys
import datadiligence as dd
said = {}
for path in json.load(sys.stdin):
    try:
        said[path] = "allowed" if dd.is_allowed(path=path) else "refused"
    except Exception as error:
        said[path] = "error " + type(error).__name__
print(json.dumps(said))
"""


def four(folder: Path) -> list[Path]:
    """Write the four JPEGs of the issue."""
    refused = signed([mining("notAllowed")])
    at = refused.index(b"jumb")
    made = {
        "cawg-not-allowed.jpg": refused,
        "older-label.jpg": signed([mining("notAllowed", label="c2pa.training-mining",
                                          prefix="c2pa.")]),
        "damaged-record.jpg": refused[: at + 40] + b"\xff" * 60 + refused[at + 100 :],
        "no-record.jpg": picture(),
    }  # fmt: skip
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in made]


def read(path: Path) -> Read:
    """Return what a file says by ours."""
    data = path.read_bytes()
    found = sniff(data[:4096])
    assert found is not None
    return read_picture(data, found.mime)


def datadiligence(paths: list[Path]) -> dict[str, str]:
    """Return what datadiligence says; nothing where it is not installed."""
    python = Path(os.environ.get("CURATE_BENCH_PYTHON", ROOT / ".bench-venv/bin/python"))
    if not python.is_file():
        return {}
    done = subprocess.run(
        [str(python), "-c", _PEER], input=json.dumps([str(p) for p in paths]), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    said: dict[str, str] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    return said


def mixed(count: int) -> list[Path]:
    """Return `count` files: seven in ten photographs, two with metadata, one with C2PA."""
    folder = DATA / "provenance"
    plain = sorted((DATA / "faces" / "london").rglob("*.jpg"))
    told = sorted(
        p
        for part in ("generated/xmp", "iptc-ref", "imagemeta")
        for p in (folder / part).iterdir()
        if p.suffix in {".jpg", ".png", ".webp", ".avif"} and "exif" not in p.name
    )
    records = sorted((folder / "c2pa-public-testfiles").glob("*.jp*g"))
    kinds = {"p": cycle(plain), "t": cycle(told), "c": cycle(records)}
    return [next(kinds[kind]) for kind in islice(cycle("pptppcpptp"), count)]


def ours(paths: list[Path]) -> None:
    """Read files as the stage does, in its batches."""
    for start in range(0, len(paths), 64):
        items = [_ITEMS[path] for path in paths[start : start + 64]]
        read_batch(pa.Table.from_pylist(items), trust="", stage="bench/1")


_ITEMS: dict[Path, dict[str, Any]] = {}


def prepare(paths: list[Path]) -> None:
    """Keep what the probe would have said of the files."""
    for path in set(paths):
        data = path.read_bytes()
        found = sniff(data[:4096])
        assert found is not None
        _ITEMS[path] = {
            "sha256": sha256(data).hexdigest(), "mime": found.mime,
            "root": str(path.parent), "locator": path.name,
            "listed_size": len(data), "listed_mtime_ns": path.stat().st_mtime_ns,
        }  # fmt: skip


def peer(paths: list[Path]) -> None:
    """Read C2PA by c2pa-python and XMP and EXIF by Pillow, and nothing else."""
    import c2pa
    from PIL import Image

    context = c2pa.Context.from_dict(
        {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    )
    for path in paths:
        data = path.read_bytes()
        try:
            with c2pa.Reader(_ITEMS[path]["mime"], io.BytesIO(data), context=context) as reader:
                json.loads(reader.json())
        except c2pa.C2paError:
            pass
        try:
            with Image.open(io.BytesIO(data)) as opened:
                opened.getxmp()
                opened.getexif()
        except (OSError, ValueError, SyntaxError):
            pass


def alternate(paths: list[Path]) -> dict[str, float]:
    """Return the seconds of each side: the least of three for each block of files."""
    sides: dict[str, Callable[[list[Path]], None]] = {"ours": ours, "peer": peer}
    seconds = dict.fromkeys(sides, 0.0)
    for start in range(0, len(paths), BLOCK):
        block = paths[start : start + BLOCK]
        best = dict.fromkeys(sides, float("inf"))
        for turn in range(3):
            for name in list(sides)[:: -1 if turn % 2 else 1]:
                began = time.perf_counter()
                sides[name](block)
                best[name] = min(best[name], time.perf_counter() - began)
        for name, took in best.items():
            seconds[name] += took
    return seconds


def run(*, quick: bool) -> dict[str, object]:
    """Print both tables, and return the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = [*four(Path(scratch)), *(DATA / "provenance" / name for name in SAMPLES)]
        said = {path: read(path).uses for path in paths}
        theirs = datadiligence(paths)
    print(f"{'file':<46} {'ours: detector':<15} {'generator':<13} datadiligence")
    for path, uses in said.items():
        told = theirs.get(str(path), "not installed: make bench-setup")
        print(f"{path.name:<46} {uses.ai_training:<15} {uses.ai_generative_training:<13} {told}")
    strict = {"prohibited", "constrained", "unreadable"}
    asked = [
        str(path)
        for path, uses in said.items()
        if {str(uses.ai_training), str(uses.ai_generative_training)} & strict
    ]
    missed = sum(theirs.get(path) == "allowed" for path in asked)
    files = mixed(QUICK if quick else FULL)
    prepare(files)
    seconds = alternate(files)
    ratio = seconds["ours"] / seconds["peer"]
    per_file = {name: 1e3 * took / len(files) for name, took in seconds.items()}
    print(
        f"\n{len(files):,} mixed files, one process: ours {per_file['ours']:.2f} ms a file, "
        f"c2pa-python and Pillow {per_file['peer']:.2f} ms, ratio {ratio:.2f} (at most {TARGET})"
    )
    four_said = [str(uses.ai_training) for uses in list(said.values())[:4]]
    return {
        "files": len(files),
        "ms_per_file": per_file,
        "ratio": ratio,
        "four": four_said,
        "restricted": len(asked),
        "restricted_but_allowed_by_datadiligence": missed if theirs else None,
        "targets": {"ratio": TARGET},
        "met": ratio <= TARGET and four_said == ["prohibited", "prohibited", "unreadable", "none"],
    }
