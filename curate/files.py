"""Files written whole or not at all: a write that is killed leaves what was there before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.errors import InputError


def write_whole(path: Path, data: str | bytes | Iterable[bytes], *, private: bool = False) -> Path:
    """Write a file whole or not at all, and return it; its bytes are on disk when it has its name.

    Args:
        path: Where; folders that are not there are made.
        data: What it holds, whole or in pieces; text is written as UTF-8.
        private: For its owner alone, and so are folders that are made for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
    waiting = path.with_name(f".{path.name}.partial")
    mode = 0o600 if private else 0o666
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            whole = data.encode() if isinstance(data, str) else data
            for piece in [whole] if isinstance(whole, bytes) else whole:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        # A full disk has no room for half a file, nor has what was interrupted a use for one.
        waiting.unlink(missing_ok=True)
        raise
    return waiting.replace(path)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which has its name once all is written, and is gone otherwise.

    Args:
        folder: Where; it must not be there, or be empty.

    Raises:
        InputError: The folder holds something, or cannot be written.
    """
    waiting = folder.with_name(f".{folder.name}.partial")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(
                "this folder holds something already", where=str(folder), hint="name a new one"
            )
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(parents=True)
        yield waiting
        if folder.exists():
            folder.rmdir()
        waiting.rename(folder)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
