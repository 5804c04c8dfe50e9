"""What other tools really write, read by our layouts: datasets, webdataset and FiftyOne themselves.

Each tool writes in a process of its own, in a folder of its own, and reaches no network.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import curate
from curate.api import Project

PICTURES = """
import io, sys
from PIL import Image

def png(n):
    file = io.BytesIO()
    Image.linear_gradient("L").rotate(7 * n).resize((40, 30)).save(file, "PNG")
    return file.getvalue()

N = 6
"""
DATASETS = (
    PICTURES
    + """
import datasets
datasets.disable_progress_bars()
features = datasets.Features({
    "image": datasets.Image(), "label": datasets.ClassLabel(names=["real", "fake"]),
    "subject": datasets.Value("string"),
})
rows = [{"image": {"bytes": png(n), "path": None}, "label": n % 2, "subject": f"p{n}"}
        for n in range(N)]
whole = datasets.Dataset.from_list(rows, features=features)
split = datasets.DatasetDict(train=whole.select(range(4)), test=whole.select(range(4, N)))
"""
)
WRITERS = {
    "save_to_disk": ("datasets", DATASETS + "split.save_to_disk('set')", "huggingface"),
    "to_parquet": (
        "datasets",
        DATASETS
        + """
import os
os.makedirs("set/data")
for name, part in split.items():
    part.to_parquet(f"set/data/{name}-00000-of-00001.parquet")
""",
        "huggingface",
    ),
    "imagefolder": (
        "datasets",
        PICTURES
        + """
import json, os, datasets
for name, numbers in (("train", range(4)), ("test", range(4, N))):
    os.makedirs(f"set/{name}")
    with open(f"set/{name}/metadata.jsonl", "w") as lines:
        for n in numbers:
            open(f"set/{name}/{n}.png", "wb").write(png(n))
            told = {"file_name": f"{n}.png", "label": ["real", "fake"][n % 2], "subject": f"p{n}"}
            lines.write(json.dumps(told) + "\\n")
datasets.disable_progress_bars()
read = datasets.load_dataset("imagefolder", data_dir="set", cache_dir="cache")
assert {k: len(v) for k, v in read.items()} == {"train": 4, "test": 2}, read
""",
        "huggingface",
    ),
    "ShardWriter": (
        "webdataset",
        PICTURES
        + """
import os, webdataset
os.makedirs("set")
for name, numbers in (("train", range(4)), ("test", range(4, N))):
    with webdataset.ShardWriter(f"set/{name}-%06d.tar", maxcount=3, verbose=0) as shards:
        for n in numbers:
            told = {"label": ["real", "fake"][n % 2], "subject": f"p{n}"}
            shards.write({"__key__": f"s{n:04}", "png": png(n), "json": told})
""",
        "webdataset",
    ),
    "FiftyOneDataset": (
        "fiftyone",
        PICTURES
        + """
import os, fiftyone
os.makedirs("raw")
found = fiftyone.Dataset("written")
for n in range(N):
    open(f"raw/{n}.png", "wb").write(png(n))
    label = fiftyone.Classification(label=["real", "fake"][n % 2])
    tags = ["train" if n < 4 else "test"]
    found.add_sample(fiftyone.Sample(
        filepath=os.path.abspath(f"raw/{n}.png"), tags=tags, ground_truth=label, subject=f"p{n}"))
found.export("set", dataset_type=fiftyone.types.FiftyOneDataset, export_media=True)
found.delete()
""",
        "fiftyone",
    ),
}  # fmt: skip


def _write(name: str, folder: Path) -> None:
    package, script, _ = WRITERS[name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")
    private = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "HOME": str(folder),
               "FIFTYONE_DATABASE_DIR": str(folder / "db"), "FIFTYONE_DO_NOT_TRACK": "1",
               "FIFTYONE_CONFIG_PATH": str(folder / "config.json")}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, env=os.environ | private,
                          capture_output=True, text=True, check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def _pictures() -> set[str]:
    space: dict[str, object] = {}
    exec(PICTURES, space)
    return {hashlib.sha256(space["png"](n)).hexdigest() for n in range(6)}  # type: ignore[operator]


def _sorts(project: Project) -> list[tuple[str | None, str, str]]:
    """Return split, label and subject of each entry."""
    label = {r["media_id"]: r["value"] for r in project.catalog.read("labels").to_pylist()}
    who = {r["media_id"]: r["subject_id"] for r in project.catalog.read("depictions").to_pylist()}
    media = project.catalog.read("media").to_pylist()
    return sorted((m["split"], label.get(m["media_id"], ""), who.get(m["media_id"], ""))
                  for m in media)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_to_the_byte(name: str, tmp_path: Path) -> None:
    """Every picture, label, split and subject; no row is rejected."""
    _write(name, tmp_path)
    project = curate.init(tmp_path / "ws")

    found = project.ingest(tmp_path / "set")
    project.run(["probe"], jobs=1)

    assert (found.layout, found.entries, found.rejections) == (WRITERS[name][2], 6, {})
    assert set(project.catalog.read("content")["sha256"].to_pylist()) == _pictures()
    assert _sorts(project) == sorted(
        ("train" if n < 4 else "test", ("real", "fake")[n % 2], f"p{n}") for n in range(6)
    )
