"""Derived tables: what is computed from the catalogue once for each version of it.

They lie beside the tables as Arrow files, are mapped and not read, and can be thrown away at any
time. The version of each table they come from, and its files with their sizes and times, are part
of their folder's name, so that none is ever taken for that of another catalogue, nor for that of
one whose files were damaged or are gone; what is out of date is removed when a new one is kept.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from curate.catalog.damage import reading
from curate.catalog.tables import Catalog
from curate.version import __version__

FOLDER = ".derived"


def derived(
    catalog: Catalog,
    name: str,
    inputs: tuple[str, ...],
    make: Callable[[], Mapping[str, pa.Table]],
    *,
    recipe: str = "",
    beside: str = "",
) -> dict[str, pa.Table]:
    """Return derived tables, made now if the catalogue changed since they were kept.

    Args:
        catalog: What they are derived from.
        name: What they are called.
        inputs: The tables that they depend on.
        make: Makes them.
        recipe: How it does: what was made otherwise is not read.
        beside: A digest of what else they are derived from that is not in the catalogue.
    """
    made_by = (__version__, recipe, beside)
    # Columns too: a workspace of another format must not be judged from what is kept of it. Files
    # too: what is kept must not answer for a table that was damaged since.
    key = hashlib.sha256(repr([made_by, catalog.state(inputs)]).encode())
    folder = catalog.folder / FOLDER / f"{name}-{key.hexdigest()[:32]}"
    with suppress(pa.ArrowInvalid, OSError):
        if found := _read(folder):
            return found
    # Nothing is there, or it was damaged: all of it can be made again.
    shutil.rmtree(folder, ignore_errors=True)
    with reading():
        made = dict(make())
    try:
        _keep(made, folder)
    except OSError:
        # Where nothing can be kept, it is made each time.
        return made
    _forget(folder, name)
    return _read(folder)


def _read(folder: Path) -> dict[str, pa.Table]:
    return {path.stem: _map(path) for path in sorted(folder.glob("*.arrow"))}


def _keep(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables whole or not at all; of two that write at once, the first one's stay."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    for name, table in tables.items():
        place = str(waiting / f"{name}.arrow")
        with pa.OSFile(place, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
    try:
        waiting.rename(folder)
    except OSError:
        shutil.rmtree(waiting)
        if not folder.is_dir():
            raise


def _forget(kept: Path, name: str) -> None:
    for other in kept.parent.glob(f"{name}-*"):
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)


def _map(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
