"""Writing and verifying releases, next to copying and `sha256sum` on the same bytes.

Made-up JPEGs of about 120 KB, each like no other, half of them with EXIF to be taken out. Copying
is a loop that reads each file, hashes it and writes it to another folder: it is the mark; the same
with as many threads as ours is printed beside it. The floor is digests: ours needs that of the file
(it must be what was probed), that of the bytes that go out where metadata was taken out, and that
of the shard they go into, 2.5 for each file against one. All of it lies in the page cache: disks
only hide differences. Memory is that of a process of its own, while it writes small files: with few
of them it writes one shard, and four at once with many.

    python -m bench release [--quick]
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

COPY_TARGET, VERIFY_TARGET, MEMORY_TARGET = 1.5, 1.3, 1.3
THREADS = 4
FORMATS = ("webdataset", "huggingface")


def make_files(folder: Path, count: int, *, size: int = 512) -> list[tuple[Path, str, int]]:
    """Write JPEGs, and return the place, digest and length of each.

    Args:
        folder: Where.
        count: How many.
        size: Side in pixels.
    """
    from PIL import Image

    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (size // 8, size // 8, 3), np.uint8)
    picture = Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 9, (size, size, 3))
    picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010F] = "camera" * 500
    bases = []
    for options in ({}, {"exif": exif}):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90, **options)
        data = out.getvalue()
        # Digits in the coded data make each file another one, and leave its segments alone.
        bases.append((data, len(data) - 40))
    found = []
    for number in range(count):
        data, at = bases[number % 2]
        made = data[:at] + b"%016d" % number + data[at + 16 :]
        place = folder / f"{number:06d}.jpg"
        place.write_bytes(made)
        found.append((place, hashlib.sha256(made).hexdigest(), len(made)))
    return found


def selection(folder: Path, files: list[tuple[Path, str, int]]) -> Any:
    """Return a selection of all files."""
    from curate.release.select import select
    from curate.schema import arrow_schema

    rows, content, said = [], [], []
    for number, (place, digest, size) in enumerate(files):
        name = f"{number:08d}-0000-5000-8000-000000000000"
        rows.append({"media_id": name, "dataset": "bench", "root": str(folder), "split": "train",
                     "locator": place.name, "sha256": digest, "state": "present"})  # fmt: skip
        content.append({"sha256": digest, "kind": "image", "format": "JPEG", "width": 512,
                        "height": 512, "byte_size": size})  # fmt: skip
        said.append({"media_id": name, "verdict": "cleared", "codes": []})
    schema = pa.schema([*arrow_schema("media"), ("sha256", pa.string()), ("state", pa.string())])
    return select({
        "entries": pa.Table.from_pylist(rows, schema),
        "content": pa.Table.from_pylist(content, arrow_schema("content")),
        "verdicts": pa.Table.from_pylist(said, arrow_schema("verdicts")),
        **{name: arrow_schema(name).empty_table()
           for name in ("labels", "groups", "relations", "faces")},
    })  # fmt: skip


def copy(files: list[tuple[Path, str, int]], target: Path, threads: int) -> None:
    """Copy files as they are, and hash them on the way."""

    def one(file: tuple[Path, str, int]) -> str:
        data = file[0].read_bytes()
        (target / file[0].name).write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    target.mkdir()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, files, chunksize=64))


def timed(work: dict[str, Callable[[Path], object]], place: Path, rounds: int) -> dict[str, float]:
    """Return the least seconds of each piece of work, done in turns, each in a fresh folder."""
    best = dict.fromkeys(work, float("inf"))
    for turn in range(rounds):
        for name in list(work) if turn % 2 == 0 else list(reversed(work)):
            folder = place / f"{name}-{turn}"
            began = time.perf_counter()
            work[name](folder)
            best[name] = min(best[name], time.perf_counter() - began)
            shutil.rmtree(folder, ignore_errors=True)
    return best


def write(chosen: Any, folder: Path, form: str) -> Path:
    """Write a release in one format, and return where it lies."""
    from curate.release.build import Form, build

    folder.mkdir()
    return build("v1", chosen, folder, facts={}, form=Form((form,))).folder


def issue(chosen: Any, root: Path, form: str, key: Any) -> Path:
    """Write a release as a workspace issues it, logged and signed, and return where it lies."""
    from datetime import UTC, datetime

    from curate.catalog.audits import Audited
    from curate.catalog.ledger import Ledger
    from curate.model.config import UseProfile
    from curate.release.build import Form, Steps, build
    from curate.schema import arrow_schema, conform
    from curate.verbs.release import Issue, Order

    (root / "releases").mkdir(parents=True)
    said = {
        "run_id": "r1",
        "verdict": "cleared",
        "codes": [],
        "evidence": "",
        "decided_by": "policy",
    }
    verdicts = [{**said, "media_id": media} for media in chosen.items["media_id"].to_pylist()]
    use, now = UseProfile("bench", "train-detector", ("include",)), datetime(2026, 5, 1, tzinfo=UTC)
    found = arrow_schema("findings").empty_table()
    audited = Audited("r1", use, now, found, conform(verdicts, "verdicts"))
    one = Issue(
        "v1", Order(use.name, form=Form((form,)), keys=(key,)), audited, {"entries": chosen.items},
        Ledger(root / "ledger.sqlite"), now, 30,
    )  # fmt: skip
    steps = Steps(one.tell, one.documents, one.seal, one.announce)
    told = {"use": {"name": use.name}, "tool": "bench"}
    return build(
        "v1", chosen, root / "releases", facts=told, form=Form((form,)), steps=steps
    ).folder


def verify(folder: Path, key: Any) -> None:
    """Verify a release as a stranger would, by its public key."""
    from curate.release.verify import verify as check

    found = check(folder, (key.public,))
    assert found, found.failures


def sums(folder: Path) -> None:
    """Have `sha256sum` read every file of a folder, in as many processes as ours has threads."""
    listing = subprocess.run(
        ["find", str(folder), "-type", "f", "-print0"], check=True, capture_output=True
    )
    subprocess.run(
        ["xargs", "-0", "-n", "256", "-P", str(THREADS), "sha256sum"],
        input=listing.stdout, check=True, capture_output=True,
    )  # fmt: skip


def memory(count: int) -> float:
    """Return the peak of a process that writes `count` small files, in MiB."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.release", str(count)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(json.loads(ran.stdout.splitlines()[-1]))


def run(*, quick: bool) -> dict[str, Any]:
    """Print the table, and return figures and whether they are met.

    Args:
        quick: A tenth of the files.
    """
    count, rounds = (2_000, 2) if quick else (20_000, 3)
    figures: dict[str, Any] = {"files": count, "threads": THREADS}
    missed: list[str] = []
    told: list[str] = []

    def held(what: str, ratio: float, target: float) -> None:
        met = ratio <= target
        told.append(f"{'met' if met else 'MISSED':7} {what}: {ratio:.2f}, target {target}")
        if not met:
            missed.append(f"{what} {ratio:.2f} > {target}")

    from curate.signing import new_key

    key = new_key()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "media").mkdir()
        files = make_files(place / "media", count)
        chosen = selection(place / "media", files)
        work: dict[str, Callable[[Path], object]] = {
            "copy": lambda folder: copy(files, folder, 1),
            "copy, threads": lambda folder: copy(files, folder, THREADS),
        }
        for form in FORMATS:
            work[form] = lambda folder, form=form: write(chosen, folder, form)
        seconds = timed(work, place, rounds)
        size = sum(file[2] for file in files) / 2**20
        print(f"{count:,} files, {size:,.0f} MiB, ours with {THREADS} threads")
        for name, value in seconds.items():
            ratio, equal = value / seconds["copy"], value / seconds["copy, threads"]
            print(f"  {name:14} {size / value:8,.0f} MiB/s  {ratio:5.2f} of copying, "
                  f"{equal:5.2f} with as many threads")  # fmt: skip
            figures[name] = round(ratio, 2)
            if name in FORMATS:
                held(f"write {name}, of copying", ratio, COPY_TARGET)
        for form in FORMATS:
            folder = issue(chosen, place / f"kept-{form}", form, key)
            both = timed(
                {"verify": lambda _, f=folder: verify(f, key),
                 "sha256sum": lambda _, f=folder: sums(f)},
                place, rounds,
            )  # fmt: skip
            ratio = both["verify"] / both["sha256sum"]
            figures[f"verify {form}"] = round(ratio, 2)
            held(f"verify {form}, of sha256sum", ratio, VERIFY_TARGET)
    few, many = memory(1_000), memory(10_000 if quick else 100_000)
    print(f"  memory {few:,.0f} MiB for 10^3, {many:,.0f} MiB for {'10^4' if quick else '10^5'}")
    figures["memory"] = round(many / few, 2)
    held("memory, of that of 10^3", many / few, MEMORY_TARGET)
    for line in told:
        print(line)
    return {"figures": figures, "missed": missed, "met": not missed}


def _peak(count: int) -> float:
    """Return the most memory that writing `count` small files took, in MiB."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "media").mkdir()
        chosen = selection(place / "media", make_files(place / "media", count, size=32))
        gc.collect()
        pa.default_memory_pool().release_unused()
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        # From here on: making the files took more.
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        write(chosen, place / "out", "webdataset")
    status = Path("/proc/self/status").read_text("ascii")
    return float(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)) / 2**10


if __name__ == "__main__":
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    print(json.dumps(_peak(int(sys.argv[1]))))
