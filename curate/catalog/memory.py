"""Connections to DuckDB in memory.

A database of DuckDB takes some 15 ms to make, most of it for its list of functions, and a command
asks dozens of times. So connections share one database for each process. What is registered on one
is seen by no other; views and tables that are created must be TEMP to be its own as well.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_databases: dict[int, duckdb.DuckDBPyConnection] = {}
_lock = Lock()


def in_memory() -> duckdb.DuckDBPyConnection:
    """Return a connection whose session is its own, and on which instants are in UTC."""
    import duckdb

    with _lock:
        # A process that was forked has none of the threads of the database it was forked with.
        if (database := _databases.get(os.getpid())) is None:
            database = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
            _databases[os.getpid()] = database
        connection = database.cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
