"""Build a release: write what was cleared, part by part, list it, and only then name it.

The folder is built under a hidden name and renamed when it is whole, so that a build that was
killed leaves no release; the next one of that name goes on with the parts that were done. The
same selection gives the same bytes.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa

from curate.errors import CurateError, InputError
from curate.model.files import FileDigest
from curate.release.export.crops import SIDE, Crops
from curate.release.export.formats import DEFAULT, chosen
from curate.release.export.listed import Listed
from curate.release.manifest import digest_file, write_manifest
from curate.release.select import Selection
from curate.release.shards import (
    METADATA_STAYS,
    Done,
    Shards,
    marks_folder,
    plan_digest,
    read_items,
    shards_of,
)
from curate.report.suppression import withheld_reasons
from curate.report.written import Written

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PLAN = "plan.txt"
# Reading, hashing and writing leave the interpreter: more threads than this wait for the disk.
_THREADS = 4

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Form:
    """How a release is written.

    Attributes:
        formats: Names of formats.
        keep_metadata: Hand files on as they are, with what they say of places and people.
        crops: Write each face as a picture too, with this margin on each side, as a share of the
            longer side of its box.
    """

    formats: tuple[str, ...] = DEFAULT
    keep_metadata: bool = False
    crops: float | None = None


@dataclass(frozen=True)
class Release:
    """A release that was built.

    Attributes:
        folder: Where it lies.
        items: Its items: media_id, path, sha256, split.
        merkle_root: Root over its files, hex.
        left_out: Entries left out, by reason.
    """

    folder: Path
    items: pa.Table
    merkle_root: str
    left_out: dict[str, int]


@dataclass(frozen=True)
class Steps:
    """What a caller adds to a build.

    Attributes:
        describe: Returns what the manifest says beside what a build knows, from what was written.
        documents: Returns files to put beside the data, by path, from what was written.
        seal: Given the folder when its manifest is there, to add what is made from the manifest.
        announce: Told of the release when it is whole and not yet named: what it records is
            there before the release is.
        report: Told how many items are written, of how many.
    """

    describe: Callable[[Written], dict[str, Any]] = field(default=lambda _: {})
    documents: Callable[[Written], dict[str, str | bytes]] = field(default=lambda _: {})
    seal: Callable[[Path], None] = field(default=lambda _: None)
    announce: Callable[[Release], None] = field(default=lambda _: None)
    report: Report = field(default=lambda done, total: None)  # noqa: ARG005


def build(
    name: str,
    selection: Selection,
    releases: Path,
    *,
    facts: dict[str, Any],
    form: Form | None = None,
    steps: Steps | None = None,
) -> Release:
    """Write a release called `name` under `releases`.

    Args:
        name: Letters, digits, dots, hyphens and underscores.
        selection: What goes out.
        releases: The workspace's folder of releases.
        facts: What the manifest says beside the files: use, audit, versions.
        form: How it is written; plain files without metadata when None.
        steps: What the caller adds.

    Raises:
        InputError: The name cannot be a folder's, is taken, a file cannot be read, or nothing
            was cleared.
        UnknownNameError: There is no such format.
        VerificationError: A file changed since it was probed.
    """
    form, steps = form or Form(), steps or Steps()
    folder = releases / check_name(name, releases)
    if not selection.items.num_rows:
        raise InputError(
            "nothing was cleared, so there is nothing to release",
            where=name,
            hint="run `curate audit` to see why; `curate explain LOCATOR` tells for one entry",
        )
    hidden = unfinished(name, releases)
    try:
        return _built(hidden, folder, selection, facts=facts, form=form, steps=steps)
    except CurateError:
        # What was asked for cannot be built: there is nothing to go on with.
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def _built(
    hidden: Path,
    folder: Path,
    selection: Selection,
    *,
    facts: dict[str, Any],
    form: Form,
    steps: Steps,
) -> Release:
    _begin(hidden, selection, form)
    name = folder.name
    told = {**facts, "name": name, "metadata": "kept" if form.keep_metadata else "stripped"}
    written = _write(hidden, selection, form, told, steps.report)
    written = replace(written, facts={**written.facts, **steps.describe(written)})
    _tidy(hidden, written.files)
    files = [*written.files, *_documents(hidden, steps.documents(written))]
    formats = list(written.formats)
    public = {
        **written.facts,
        "left_out": dict(withheld_reasons(written.facts["left_out"])),
        "items": written.items.num_rows,
        "formats": formats,
    }
    root = write_manifest(hidden, files, public)
    items = written.items.select(["media_id", "path", "sha256", "split"])
    release = Release(folder, items, root, written.facts["left_out"])
    steps.seal(hidden)
    steps.announce(release)
    shutil.rmtree(marks_folder(hidden))
    hidden.rename(folder)
    return release


def unfinished(name: str, releases: Path) -> Path:
    """Return the folder in which a release is built before it has its name."""
    return releases / f".{name}.partial"


def check_name(name: str, releases: Path) -> str:
    """Return `name`, which can be the name of a new release.

    Raises:
        InputError: It cannot be a folder's, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a release's name; expected letters, digits, '.', '_' and '-'",
            hint="name it, for example, v1",
        )
    if (releases / name).exists():
        raise InputError("a release of that name is there already", where=name,
                         hint="releases are never changed: choose another name")  # fmt: skip
    return name


def _begin(folder: Path, selection: Selection, form: Form) -> None:
    """Make the folder to build in, or leave it as a killed build left it, if it was this one."""
    plan = plan_digest({"items": selection.items, "faces": selection.faces}, asdict(form))
    note = marks_folder(folder) / _PLAN
    if not note.exists() or note.read_text(encoding="utf-8") != plan:
        shutil.rmtree(folder, ignore_errors=True)
        note.parent.mkdir(parents=True)
        note.write_text(plan, encoding="utf-8")


def _write(
    folder: Path, selection: Selection, form: Form, facts: dict[str, Any], report: Report
) -> Written:
    media, indexes = chosen(form.formats)
    if form.crops is not None:
        media = (*media, Crops(selection.faces, form.crops))
        facts = {**facts, "crops": f"{SIDE} px, with a margin of {form.crops:g} on each side"}
    shards = shards_of(selection.items)
    left_out = Counter(selection.left_out)
    files: dict[str, FileDigest] = {}
    tick = _Tally(selection.items.num_rows, report).tick
    writing = Shards(folder, media, form.keep_metadata, tick)
    with _lean():
        for part in _mapped(writing.write, shards):
            files |= {file.path: file for file in part.files}
            left_out.update(part.left_out)
    items = pa.concat_tables(list(read_items(folder)))
    if not items.num_rows:
        raise InputError(
            f"no item can be written without its metadata ({left_out[METADATA_STAYS]:,})",
            where=facts["name"],
            hint="--keep-metadata hands files on as they are",
        )
    for index in indexes:
        found = index.write(Listed(facts["name"], folder, selection.faces))
        files |= {file.path: file for file in found}
    names = (*(one.name for one in media), *(one.name for one in indexes))
    told = {**facts, "left_out": dict(sorted(left_out.items()))}
    return Written(items, tuple(files.values()), names, told)


@contextmanager
def _lean() -> Iterator[None]:
    """Have Arrow give memory back as it is freed: its usual pool keeps a heap for each thread."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


class _Tally:
    """Counts items for a report, whichever thread wrote them."""

    def __init__(self, total: int, report: Report) -> None:
        self._total, self._report = total, report
        self._done, self._lock = 0, Lock()

    def tick(self, items: int) -> None:
        with self._lock:
            self._done += items
            self._report(self._done, self._total)


def _mapped(work: Callable[..., Done], shards: list[Any]) -> Iterator[Done]:
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = [pool.submit(work, shard) for shard in shards]
        try:
            for future in waiting:
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def _tidy(folder: Path, files: tuple[FileDigest, ...]) -> None:
    """Take away what an earlier build left: files of parts undone, documents and a manifest."""
    listed = {file.path for file in files}
    for path in sorted(folder.rglob("*")):
        known = path.relative_to(folder).as_posix() in listed
        if path.is_file() and not known and marks_folder(folder) not in path.parents:
            path.unlink()


def _documents(folder: Path, contents: dict[str, str | bytes]) -> Iterator[FileDigest]:
    for title, content in contents.items():
        path = folder / title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        yield digest_file(path, folder)
