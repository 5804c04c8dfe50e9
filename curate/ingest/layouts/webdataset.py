"""WebDataset: shards that are tars, in which the files of one sample share a key."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.listing import Listing, Member, Target, walk_files
from curate.ingest.locators import Rejected, authenticity, kind_of, safe_locator, split_of
from curate.media.archive import check_end
from curate.rows import Row

_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
_SIDECARS = ("json", "cls", "txt")
_MAX_SIDECAR = 1 << 20


class WebDatasetLayout:
    """A shard, or a folder of shards."""

    name = "webdataset"
    about = About(
        title="WebDataset shards",
        shape="a `.tar` file, or a folder in which the first file is one",
        reads=(
            (
                "each picture or video in a shard: an entry at `<shard>.tar/<member>`; later "
                "stages read it there, without unpacking the shard"
            ),
            (
                "the `.json` beside it, with the columns of a manifest; a `.cls` or `.txt` of one "
                "word that the settings map to real or fake: the label; other words stay in `extra`"
            ),
            "the split: from the name of the shard, unless the `.json` says one",
        ),
        traps=(
            "a number in `.cls` is no label until someone says which is which",
            "compressed shards are rejected: their members cannot be reached one by one",
            "a shard that ends early gives what it holds, and a rejection",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is a tar, or its first file is one."""
        if path.is_file():
            return path.suffix.lower() == ".tar"
        try:
            names = sorted(item.name for item in path.iterdir() if item.is_file())
        except OSError:
            return False
        return bool(names) and names[0].lower().endswith((".tar", *_COMPRESSED))

    def read(self, target: Target, into: Listing) -> None:
        """List the samples of every shard; other files are rejected."""
        if target.path.is_file():
            places = [target.path.resolve().relative_to(target.root).as_posix()]
        else:
            places = list(walk_files(target.root, into))
        for place in places:
            with into.attempt(place, locator=place):
                if place.lower().endswith(_COMPRESSED):
                    raise Rejected("compressed-archive", "unpack it, or write it as a plain tar")
                if not place.lower().endswith(".tar"):
                    raise Rejected("not-media", "this is no shard")
                _shard(place, target, into)


@dataclass
class _Sample:
    """Files with one key.

    Attributes:
        media: Members that are pictures or videos, with their length in bytes.
        said: What the sidecars say, by their ending.
        problem: Why a sidecar could not be read.
    """

    media: list[tuple[str, int]] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def _shard(place: str, target: Target, into: Listing) -> None:
    """List the samples of one shard.

    Raises:
        Rejected: It is no tar, or ends early; what was read of it is listed.
    """
    path = target.root / place
    written = path.stat().st_mtime_ns
    samples: dict[str, _Sample] = {}
    broken = ""
    try:
        with tarfile.open(path, "r:") as tar:
            for item in tar:
                with into.attempt(f"{place}: {item.name}"):
                    _gather(tar, item, samples)
            check_end(tar)
    except (tarfile.TarError, OSError, EOFError) as error:
        broken = str(error)
    split = split_of(place)
    for key, sample in samples.items():
        where = f"{place}: {key}"
        if not sample.media:
            into.reject(where, "no-media", "the sample holds no picture or video")
        for name, size in sample.media:
            with into.attempt(where, locator=f"{place}/{name}"):
                _entry(where, f"{place}/{name}", Member(size, written), sample,
                       split, target, into)  # fmt: skip
    if broken:
        raise Rejected("bad-archive", f"the shard cannot be read to its end: {broken}")


def _gather(tar: tarfile.TarFile, item: tarfile.TarInfo, samples: dict[str, _Sample]) -> None:
    if item.isdir():
        return
    if not item.isreg():
        raise Rejected("not-a-file", "this member is no regular file")
    name = safe_locator(item.name)
    folder, _, file = name.rpartition("/")
    # The key ends at the first dot of the file's name: `a.seg.png` belongs to sample `a`.
    stem, _, endings = file.partition(".")
    media = kind_of(name) != "unknown"
    if not media and endings not in _SIDECARS:
        raise Rejected("not-media", "the ending names no picture, video or sidecar")
    sample = samples.setdefault(f"{folder}/{stem}" if folder else stem, _Sample())
    if media:
        sample.media.append((name, item.size))
    else:
        content = tar.extractfile(item) if item.size <= _MAX_SIDECAR else None
        if content is None:
            sample.problem = f"{file} is larger than {_MAX_SIDECAR} bytes"
            return
        _read_sidecar(endings, file, content.read(), sample)


def _read_sidecar(ending: str, file: str, content: bytes, sample: _Sample) -> None:
    try:
        text = content.decode("utf-8")
        sample.said[ending] = json.loads(text) if ending == "json" else text.strip()
    except ValueError:
        sample.problem = f"{file} is no {'JSON' if ending == 'json' else 'UTF-8 text'}"


def _entry(
    where: str,
    locator: str,
    member: Member,
    sample: _Sample,
    split: str | None,
    target: Target,
    into: Listing,
) -> None:
    said = sample.said.get("json", {})
    if not isinstance(said, dict):
        raise Rejected("bad-row", "the .json of the sample is no object")
    names = {v: k for k, v in target.config.columns.items()}
    values = renamed({k: v for k, v in said.items() if v is not None}, names)
    for ending in ("cls", "txt"):
        word = sample.said.get(ending)
        if word and "label" not in values and authenticity(word, target.config):
            values["label"] = word
        elif word:
            values.setdefault(f"webdataset.{ending}", word)
    if split and "split" not in values:
        values["split"] = split
    row = Row(where, {**values, "path": locator}, sample.problem)
    add_row(row, target, into, member=member)
