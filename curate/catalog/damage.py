"""What is wrong with the catalogue, whoever finds it, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from curate.errors import CatalogError, CurateError, storage_error

_DAMAGED = (
    "restore the catalogue from a backup; or remove the folder catalog/, which can be made again, "
    "and ingest and run again. Keep everything else: ledger.sqlite, record/ and the keys hold what "
    "people said and what went out"
)


def damaged(problem: str, where: str) -> CatalogError:
    """Return the error that something of the catalogue cannot be read."""
    return CatalogError(problem, where=where, hint=_DAMAGED)


def as_ours(error: BaseException, name: str = "") -> CatalogError | None:
    """Return what a library says of a table that it cannot read, as an error of ours.

    Args:
        error: What was raised.
        name: The table, where it is known.

    Returns:
        None for what is no such error.
    """
    import duckdb
    from deltalake.exceptions import DeltaError

    # Rust's libraries panic at what they do not expect of a file.
    panic = type(error).__name__ == "PanicException"
    asked_wrongly = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
    theirs = isinstance(error, (DeltaError, pa.ArrowException, duckdb.Error, OSError))
    if isinstance(error, (CurateError, BrokenPipeError, *asked_wrongly)) or not (theirs or panic):
        return None
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    which, where = ("the", f"catalog/{name}") if name else ("a", "catalog")
    return damaged(f"{which} table cannot be read: {said or type(error).__name__}", where)


@contextmanager
def reading(name: str = "") -> Iterator[None]:
    """Tell what cannot be read of the catalogue, of one table or of any, as an error of ours.

    Raises:
        CatalogError: A table cannot be read.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if (ours := as_ours(error, name)) is None:
            raise
        raise ours from error


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Tell what keeps a table from being written as an error of ours.

    Raises:
        StorageError: The disk is full, or the folder cannot be written to.
        CatalogError: What is there cannot be read.
    """
    with reading(name):
        try:
            yield
        except Exception as error:
            if (ours := storage_error(error, where=f"catalog/{name}")) is None:
                raise
            raise ours from error
