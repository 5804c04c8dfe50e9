"""Build a release: copy what was cleared, check every byte, list it, and only then name it.

The folder is built under a hidden name and renamed when it is whole, so that a build that was
killed leaves no release. The same catalogue and use give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from curate.errors import InputError, VerificationError
from curate.media.open import open_regular
from curate.media.unreadable import UnreadableError
from curate.model.files import FileDigest
from curate.release.export.parquet import write_split
from curate.release.manifest import digest_file, write_manifest
from curate.release.select import Selection

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_BLOCK = 1 << 20

Report = Callable[[int, int], None]


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


def build(
    name: str,
    selection: Selection,
    releases: Path,
    *,
    facts: dict[str, Any],
    documents: dict[str, str] | None = None,
    report: Report = lambda done, total: None,  # noqa: ARG005
) -> Release:
    """Write a release called `name` under `releases`.

    Args:
        name: Letters, digits, dots, hyphens and underscores.
        selection: What goes out.
        releases: The workspace's folder of releases.
        facts: What the manifest says beside the files: use, audit, versions.
        documents: Texts to put beside the data, by file name.
        report: Told how many items are copied, of how many.

    Raises:
        InputError: The name cannot be a folder's, is taken, or nothing was cleared.
        VerificationError: A file changed since it was probed.
    """
    folder = releases / _checked(name, releases)
    if not selection.items.num_rows:
        raise InputError(
            "nothing was cleared, so there is nothing to release",
            where=name,
            hint="run `curate audit` to see why; `curate explain LOCATOR` tells for one entry",
        )
    partial = releases / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        files, items = _write(partial, selection.items, report)
        for title, text in (documents or {}).items():
            (partial / title).write_text(text, encoding="utf-8")
            files.append(digest_file(partial / title, partial))
        root = write_manifest(
            partial,
            files,
            {**facts, "name": name, "items": items.num_rows, "left_out": selection.left_out},
        )
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Release(folder, items, root, selection.left_out)


def _checked(name: str, releases: Path) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a release's name; expected letters, digits, '.', '_' and '-'",
            hint="name it, for example, v1",
        )
    if (releases / name).exists():
        raise InputError("a release of that name is there already", where=name,
                         hint="releases are never changed: choose another name")  # fmt: skip
    return name


def _write(folder: Path, items: pa.Table, report: Report) -> tuple[list[FileDigest], pa.Table]:
    files = []
    names = _folder_names(items["split"].unique().to_pylist())
    for done, (root, source, file) in enumerate(_placed(items, names), 1):
        _copy(root, source, folder / file.path, file.sha256)
        files.append(file)
        report(done, items.num_rows)
    listed = items.append_column("path", pa.array([file.path for file in files], pa.string()))
    public = listed.drop_columns(["root", "locator"])
    for split, name in names.items():
        rows = public.filter(pa.compute.equal(public["split"], split))
        files.append(digest_file(write_split(rows, folder / "data", name), folder))
    return files, public.select(["media_id", "path", "sha256", "split"])


def _placed(items: pa.Table, names: dict[str, str]) -> Iterator[tuple[Path, Path, FileDigest]]:
    for item in items.select(["root", "locator", "sha256", "split", "byte_size"]).to_pylist():
        # Named by content: the name a file had may tell who is in it, and so may its ending.
        ending = PurePosixPath(item["locator"]).suffix.lower()
        suffix = ending if _SUFFIX.fullmatch(ending) else ""
        path = f"media/{names[item['split']]}/{item['sha256']}{suffix}"
        yield (
            Path(item["root"]),
            Path(item["root"]) / item["locator"],
            FileDigest(path, item["sha256"], item["byte_size"]),
        )


def _copy(root: Path, source: Path, target: Path, sha256: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with open_regular(source, root=root) as descriptor, target.open("xb") as write:
            while block := os.read(descriptor, _BLOCK):
                digest.update(block)
                write.write(block)
    except OSError as error:
        raise InputError(f"cannot be copied: {error.strerror}", where=str(source)) from None
    except UnreadableError as error:
        raise InputError(f"cannot be copied: {error.detail}", where=str(source)) from None
    if digest.hexdigest() != sha256:
        raise VerificationError(
            "the file changed since it was probed",
            where=str(source),
            hint="run `curate ingest`, `curate run` and `curate audit` again",
        )


def _folder_names(splits: list[str]) -> dict[str, str]:
    """Return a name that can be a folder's for each split, no two the same in any case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    # Names that need no change go first, so that they keep theirs.
    for split in sorted(splits, key=lambda split: (_plain(split) != split, split)):
        name, number = _plain(split), 1
        while name.casefold() in taken:
            number += 1
            name = f"{_plain(split)}-{number}"
        taken.add(name.casefold())
        names[split] = name
    return names


def _plain(split: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", split).lstrip(".") or "split"
