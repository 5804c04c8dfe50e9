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
from curate.ingest.locators import (
    Rejected,
    authenticity,
    is_litter,
    kind_of,
    not_media,
    safe_locator,
    split_of,
)
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
            (
                "a file of a sample with a word before its ending, such as `a.real.png`: a word "
                "that the settings map is its label, and `a.1.json` is about `a.1.png` alone; "
                "pictures of one sample are one `group`"
            ),
            "the split: from the name of the shard, unless the `.json` says one",
        ),
        traps=(
            "a number in `.cls` is no label until someone says which is which",
            "compressed shards are rejected: their members cannot be reached one by one",
            "a shard that ends early gives what it holds, and a rejection",
            "a key that comes back is another sample: of files of one name the last is the entry",
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
        key: The key, with the folders before it.
        endings: What follows the key in the name of each file.
        media: Members that are pictures or videos: name, middle, and length in bytes.
        said: What the sidecars say, by middle and ending.
        problem: Why a sidecar could not be read.
    """

    key: str
    endings: set[str] = field(default_factory=set)
    media: list[tuple[str, str, int]] = field(default_factory=list)
    said: dict[tuple[str, str], Any] = field(default_factory=dict)
    problem: str = ""

    def about(self, middle: str, ending: str) -> Any:
        """Return what sidecars of an ending say of a file: its own one before the sample's."""
        return self.said.get((middle, ending), self.said.get(("", ending)))

    def lone(self) -> set[str]:
        """Return the middles of sidecars that are about no file."""
        return {middle for middle, _ in self.said} - {"", *(middle for _, middle, _ in self.media)}


def _shard(place: str, target: Target, into: Listing) -> None:
    """List the samples of one shard.

    Raises:
        Rejected: It is no tar, or ends early; what was read of it is listed.
    """
    path = target.root / place
    written = path.stat().st_mtime_ns
    samples: list[_Sample] = []
    latest: dict[str, _Sample] = {}
    broken = ""
    try:
        with tarfile.open(path, "r:") as tar:
            for item in tar:
                with into.attempt(f"{place}: {item.name}"):
                    _gather(tar, item, samples, latest)
            check_end(tar)
    except (tarfile.TarError, OSError, EOFError) as error:
        broken = str(error)
    split = split_of(place)
    # Of members of one name the last is what is read, and so its sample is what counts.
    for sample in reversed(samples):
        where = f"{place}: {sample.key}"
        if not sample.media:
            into.reject(where, "no-media", "the sample holds no picture or video")
            continue
        for middle in sorted(sample.lone()):
            into.reject(f"{where}.{middle}", "no-media", "no picture or video is called so")
        for name, middle, size in sample.media:
            with into.attempt(where, locator=f"{place}/{name}"):
                _entry(where, f"{place}/{name}", middle, Member(size, written), sample, split,
                       target, into)  # fmt: skip
    if broken:
        raise Rejected("bad-archive", f"the shard cannot be read to its end: {broken}")


def _gather(
    tar: tarfile.TarFile,
    item: tarfile.TarInfo,
    samples: list[_Sample],
    latest: dict[str, _Sample],
) -> None:
    if item.isdir():
        return
    if not item.isreg():
        raise Rejected("not-a-file", "this member is no regular file")
    name = safe_locator(item.name)
    folder, _, file = name.rpartition("/")
    # The key ends at the first dot of the file's name: `a.seg.png` belongs to sample `a`.
    stem, _, endings = file.partition(".")
    middle, _, ending = endings.rpartition(".")
    media = kind_of(name) != "unknown" and not is_litter(name)
    if not media and ending.lower() not in _SIDECARS:
        raise not_media(name)
    key = f"{folder}/{stem}" if folder else stem
    sample = latest.get(key)
    if sample is None or endings in sample.endings:
        sample = latest[key] = _Sample(key)
        samples.append(sample)
    sample.endings.add(endings)
    if media:
        sample.media.append((name, middle, item.size))
        return
    content = tar.extractfile(item) if item.size <= _MAX_SIDECAR else None
    if content is None:
        sample.problem = f"{file} is larger than {_MAX_SIDECAR} bytes"
        return
    _read_sidecar((middle, ending.lower()), file, content.read(), sample)


def _read_sidecar(of: tuple[str, str], file: str, content: bytes, sample: _Sample) -> None:
    form = of[1]
    try:
        text = content.decode("utf-8")
        sample.said[of] = json.loads(text) if form == "json" else text.strip()
    except (ValueError, RecursionError):
        sample.problem = f"{file} is no {'JSON' if form == 'json' else 'UTF-8 text'}"


def _entry(
    where: str,
    locator: str,
    middle: str,
    member: Member,
    sample: _Sample,
    split: str | None,
    target: Target,
    into: Listing,
) -> None:
    values: dict[str, Any] = {}
    names = {v: k for k, v in target.config.columns.items()}
    for of in dict.fromkeys(("", middle)):
        said = sample.said.get((of, "json"), {})
        if not isinstance(said, dict):
            raise Rejected("bad-row", "the .json of the sample is no object")
        values |= renamed({k: v for k, v in said.items() if v is not None}, names)
    for ending in ("cls", "txt"):
        word = sample.about(middle, ending)
        if word and "label" not in values and authenticity(word, target.config):
            values["label"] = word
        elif word:
            values.setdefault(f"webdataset.{ending}", word)
    _label_of_name(middle, values, target)
    if split and "split" not in values:
        values["split"] = split
    if len(sample.media) > 1:
        values.setdefault("group", f"{locator.partition('.tar/')[0]}.tar/{sample.key}")
    row = Row(where, {**values, "path": locator}, sample.problem)
    add_row(row, target, into, member=member)


def _label_of_name(middle: str, values: dict[str, Any], target: Target) -> None:
    """Take the label that a name such as ``a.real.png`` tells.

    Raises:
        Rejected: The name tells two, or another than a sidecar does.
    """
    words = [word for word in middle.split(".") if authenticity(word, target.config)]
    told = {authenticity(str(word), target.config) for word in (*words, values.get("label", ""))}
    if len(told - {None}) > 1 and words:
        raise Rejected("label-conflict", f"the file's name says {' and '.join(words)}, and "
                       f"a sidecar {values.get('label', 'nothing')}")  # fmt: skip
    if words:
        values.setdefault("label", words[0])
