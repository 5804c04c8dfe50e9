"""Opening 10,000 entries in FiftyOne, next to FiftyOne's own bulk import of the same samples.

Ours reads the tables, makes the queues with their evidence, checks or blurs each file, makes the
samples, adds them and saves the views; the peer adds the same samples, ready made. Half of the
entries are of people not known to have agreed, and are blurred. Pictures are of 128 px, noise.

    python -m bench review [--quick]
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

TARGET = 2.0


def run(*, quick: bool) -> dict[str, Any]:
    """Return seconds of both and their ratio."""
    count = 1_000 if quick else 10_000
    from curate.review.queues import QUEUES
    from curate.review.viewer import import_fiftyone, load, settings
    from curate.review.work import make_work
    from curate.viewing.processes import start_database, stop

    # FiftyOne ends its database at exit; what is registered before that is done after it.
    folder = Path(tempfile.mkdtemp(prefix="curate-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database, address = start_database(folder / "database")
    atexit.register(stop, database)
    os.environ.update(settings(folder, address))
    fo = import_fiftyone()
    tables, audited = _made(folder / "media", count)
    started = time.perf_counter()
    work = make_work(tables, audited, QUEUES, limit=count)
    loaded = load(tables, work, folder / "blurred", name="ours",
                  progress=lambda *_: None)  # fmt: skip
    ours = time.perf_counter() - started
    samples = [fo.Sample.from_dict(one.to_dict()) for one in loaded.dataset]
    peer = fo.Dataset("peer")
    started = time.perf_counter()
    peer.add_samples(samples, progress=False)
    theirs = time.perf_counter() - started
    assert len(peer) == loaded.samples == count
    ratio = ours / theirs
    print(f"curate review open  {ours:8.2f} s\nFiftyOne's import   {theirs:8.2f} s\n"
          f"ratio               {ratio:8.2f}   target <= {TARGET} at 10,000")  # fmt: skip
    return {"entries": count, "blurred": loaded.blurred, "ours_s": ours, "theirs_s": theirs,
            "ratio": ratio, "target": TARGET, "met": quick or ratio <= TARGET}  # fmt: skip


def _made(folder: Path, count: int) -> tuple[dict[str, Any], Any]:
    """Return tables and an audit of `count` pictures; every second one shows somebody unknown."""
    import hashlib
    import io
    from datetime import UTC, datetime

    import numpy as np
    import pyarrow as pa
    from PIL import Image

    from curate.catalog.audits import Audited
    from curate.model.config import UseProfile
    from curate.schema import arrow_schema, conform
    from tests.factories import content, entries, media, sighting, whole

    folder.mkdir()
    rng = np.random.default_rng(0)
    base = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (128, 128, 3), np.uint8)).save(base, "JPEG", quality=90)
    rows, seen, contents, found, verdicts, faces = [], [], [], [], [], []
    for number in range(count):
        data = base.getvalue() + b"%08d" % number
        path = folder / f"{number:05d}.jpg"
        path.write_bytes(data)
        told, sha256 = path.stat(), hashlib.sha256(data).hexdigest()
        row = media(path.name, root=str(folder), split="train", listed_size=told.st_size,
                    listed_mtime_ns=told.st_mtime_ns)  # fmt: skip
        rows.append(row)
        seen.append(sighting(row, sha256=sha256))
        contents.append(content(sha256, width=128, height=128))
        code = ("LAB003", "DEP002")[number % 2]
        found.append({"run_id": "r", "finding_id": f"{number}", "code": code, "params": "{}",
                      "media_id": row["media_id"], "effect": "review"})  # fmt: skip
        verdicts.append(whole("verdicts") | {"run_id": "r", "media_id": row["media_id"],
                        "verdict": "needs_review", "codes": [code], "decided_by": "policy"}
                        )  # fmt: skip
        faces.append(whole("faces") | {"face_id": sha256, "sha256": sha256, "frame": 0,
                     "x1": 10.0, "y1": 10.0, "x2": 90.0, "y2": 90.0})  # fmt: skip
    empty = ("rejections", "decisions", "labels", "depictions", "groups", "identities")
    tables = {
        "entries": entries(rows, seen), "content": conform(contents, "content"),
        "findings": conform(found, "findings"), "verdicts": conform(verdicts, "verdicts"),
        "faces": conform(faces, "faces"),
        "history": pa.table({"finding_id": pa.array([], pa.string()),
                             "since": pa.array([], pa.timestamp("us", "UTC"))}),
        **{name: arrow_schema(name).empty_table() for name in empty},
    }  # fmt: skip
    use = UseProfile("bench", "train-detector")
    now = datetime(2026, 5, 4, tzinfo=UTC)
    return tables, Audited("r", use, now, tables["findings"], tables["verdicts"])
