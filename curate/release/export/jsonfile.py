"""JSON written piece by piece, so that memory does not grow with a release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curate.model.files import FileDigest
from curate.release.export.sink import HashedFile


def write_object(
    folder: Path, path: str, head: dict[str, Any], lists: Mapping[str, Iterable[Any]]
) -> FileDigest:
    """Write an object: the pairs of `head`, and then `lists`, one element a line.

    Args:
        folder: The release's.
        path: Of the file, below it.
        head: Small values.
        lists: Long ones, each gone through once, in their order.
    """
    file = HashedFile(folder / path)
    try:
        pairs = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
        file.write(("{" + ",\n".join(pairs)).encode())
        between = ",\n" if pairs else ""
        for key, values in lists.items():
            file.write(f"{between}{_json(key)}: [".encode())
            for number, value in enumerate(values):
                file.write((",\n" if number else "\n").encode() + _json(value).encode())
            file.write(b"\n]")
            between = ",\n"
        file.write(b"}\n")
    finally:
        file.close()
    return file.digest(path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
