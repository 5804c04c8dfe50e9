"""Documents that datasets bring along: JSON and lists, read whole or told apart by their head."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError

HEAD_BYTES = 4096
NEARBY = 5000


def nearby(folder: Path, *, depth: int = 2) -> Iterator[Path]:
    """Yield the files in a folder and in those below it, nearest first and sorted.

    For telling layouts apart: of a large tree only the beginning is looked at.

    Args:
        folder: The folder; anything else has no files.
        depth: How many folders down.
    """
    level, left = [folder], NEARBY
    for _ in range(depth + 1):
        below: list[Path] = []
        for place in level:
            try:
                with os.scandir(place) as found:
                    items = sorted(islice(found, NEARBY), key=lambda item: item.name)
            except OSError:
                continue
            below += [Path(item) for item in items if item.is_dir(follow_symlinks=False)]
            # A path, unlike an entry of scandir, says of a loop of links that it is no file.
            files = [path for path in map(Path, items) if path.is_file()]
            yield from files[:left]
            left -= min(left, len(items))
            if not left:
                return
        level = below


def head(path: Path) -> str:
    """Return the first few thousand characters of a file, or an empty text if it has none."""
    # A pipe would be waited for.
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        InvalidFileError: It is no JSON text in UTF-8, or cannot be opened.
    """
    try:
        return json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}"
        raise InvalidFileError(f"this is not JSON: {error.msg}", where=where) from None
    except UnicodeDecodeError:
        raise InvalidFileError("this is not UTF-8 text", where=str(path)) from None
    except OSError as error:
        raise InvalidFileError(error.strerror or str(error), where=str(path)) from None
    except RecursionError:
        raise InvalidFileError("this is nested too deeply", where=str(path)) from None


def read_object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        InvalidFileError: It is no JSON file, or holds something else.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise InvalidFileError("expected a JSON object", where=str(path))
    return found


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a text that are not empty, each with its place.

    Raises:
        InvalidFileError: It is no UTF-8 text.
    """
    content = path.read_bytes()
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in content[:4]:
        raise InvalidFileError("this is UTF-16 text; expected UTF-8", where=str(path),
                               hint="save the file as UTF-8")  # fmt: skip
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidFileError("this is not UTF-8 text", where=str(path)) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield f"{path.name}:{number}", line.strip()
