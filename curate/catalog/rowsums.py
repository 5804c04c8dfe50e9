"""Sums of rows: what a scan or a stage wrote, so that a row that is missing or changed is noticed.

A row's hash is the lower half of the MD5 over its values, printed by rules of our own (numbers of
floating point by their bits), so that neither a new version of DuckDB nor the order of rows
changes it. Hashes are added modulo 2^64. That notices what was edited, lost or restored from an
older copy; it is no proof against someone who makes the sums again (the ledger's tree is).

Which tables a scan answers for is declared in its schema, under ``x-scan``: each table with the
columns that hold the scan's key there, and where only some of its rows are the scan's, which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.schema import arrow_schema, conform, json_schema, key_of, schema_names

if TYPE_CHECKING:
    import duckdb

    from curate.catalog.tables import Catalog

COUNT, SUM = "rows_written", "rows_digest"
_MODULUS = 1 << 64
_PLACE = "place of the row"


def scans() -> tuple[str, ...]:
    """Return the tables whose rows answer for what they and others hold."""
    return tuple(name for name in schema_names() if "x-scan" in json_schema(name))


def answered_for(scan: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables that a scan answers for.

    Each with ``columns``, those that hold the scan's key, and ``where``, SQL that is true of the
    scan's rows, if others are in the table too.
    """
    found: dict[str, dict[str, Any]] = json_schema(scan)["x-scan"]
    return found


def with_sums(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return tables of a commit whose scans say how many rows they wrote, and their sum.

    Args:
        tables: Rows by table: those of each scan, and all rows that belong to them.
    """
    made = dict(tables)
    for scan in scans():
        if scan not in made or not made[scan].num_rows:
            continue
        rows = conform(made[scan], scan)
        others = {name: made.get(name, arrow_schema(name).empty_table())
                  for name in answered_for(scan)}  # fmt: skip
        found = _connect({scan: rows, **others}).sql(_summed(scan)).to_arrow_table()
        for name in (COUNT, SUM):
            rows = rows.set_column(rows.schema.get_field_index(name), name, found[name])
        made[scan] = conform(rows, scan)
    return made


def changed_scans(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return, for each scan among `tables`, the keys of what is not as it was written.

    Args:
        tables: Whole tables; a scan is checked where it is there with all that it answers for.
    """
    found = {}
    for scan in scans():
        needed = {scan, *answered_for(scan)}
        if needed <= tables.keys():
            connection = _connect({name: tables[name] for name in needed})
            found[scan] = connection.sql(_changed(scan)).to_arrow_table()
    return found


def drop_scans(catalog: Catalog, scan: str, keys: pa.Table) -> int:
    """Take rows of a scan, and what it answers for, out of the catalogue; return how many went.

    What is pending then is done anew.

    Args:
        catalog: The tables.
        scan: The scan.
        keys: Its keys, as `changed_scans` gives them.
    """
    key = key_of(scan)
    gone = 0
    for name, rows in answered_for(scan).items():
        same = " AND ".join(
            f'{name}."{c}" = "of"."{k}"' for c, k in zip(rows["columns"], key, strict=True)
        )
        where = f'({rows.get("where", "TRUE")}) AND EXISTS (SELECT 1 FROM gone "of" WHERE {same})'
        gone += catalog.drop(name, where, gone=keys)
    same = " AND ".join(f'{scan}."{k}" = "of"."{k}"' for k in key)
    return gone + catalog.drop(scan, f'EXISTS (SELECT 1 FROM gone "of" WHERE {same})', gone=keys)


def table_sum(rows: pa.Table, name: str) -> dict[str, Any]:
    """Return how many rows of a table there are, and their sum."""
    connection = _connect({name: rows})
    text = _text(name)
    count, total = connection.execute(
        f"SELECT count(*), coalesce(sum({text}), 0) % {_MODULUS} FROM {name}"
    ).fetchall()[0]
    return {"rows": count, "sum": str(total)}


def grouped_sums(
    name: str, rows: pa.Table, entries: pa.Table, column: str, where: str
) -> list[tuple[str, int, int]]:
    """Return for each dataset how many rows of a table are about its entries, and their sum.

    Args:
        name: The table.
        rows: Its rows.
        entries: ``media_id, dataset``.
        column: The column of `rows` that names an entry.
        where: SQL that is true of the rows that count.
    """
    connection = _connect({})
    connection.register(name, pa.table([*map(_whole, rows.columns)], names=rows.column_names))
    connection.register("of", entries)
    found: list[tuple[str, int, int]] = connection.execute(
        f'SELECT "of".dataset, count(*), sum(h) % {_MODULUS} FROM ('
        f'SELECT "{column}" AS entry, {_text(name)} AS h FROM {name} WHERE {where}'
        f') JOIN "of" ON "of".media_id = entry GROUP BY 1 ORDER BY 1'
    ).fetchall()
    return found


def _connect(tables: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:

    connection = in_memory()
    for name, table in tables.items():
        connection.register(name, _plain(table))
    return connection


def _summed(scan: str) -> str:
    """Return SQL for the counts and sums of the rows of a scan, in their order."""
    return f"""
        WITH parts AS ({_parts(scan)}),
        own AS (SELECT *, {_text(scan)} AS own_hash FROM {scan})
        SELECT coalesce(p.n, 0)::BIGINT AS {COUNT},
               ((s.own_hash + coalesce(p.h, 0)) % {_MODULUS})::VARCHAR AS {SUM}
        FROM own s LEFT JOIN parts p ON {_same(scan, "s", "p")}
        ORDER BY s."{_PLACE}"
    """


def _changed(scan: str) -> str:
    """Return SQL for the keys of a scan that do not fit, or that rows have without a scan."""
    keys = ", ".join(f'coalesce(s."{k}", p."{k}") AS "{k}"' for k in key_of(scan))
    return f"""
        WITH parts AS ({_parts(scan)}),
        own AS (SELECT *, {_text(scan)} AS own_hash FROM {scan})
        SELECT DISTINCT {keys}
        FROM own s FULL JOIN parts p ON {_same(scan, "s", "p")}
        WHERE s.own_hash IS NULL OR s.{COUNT} IS DISTINCT FROM coalesce(p.n, 0)
        OR s.{SUM} IS DISTINCT FROM ((s.own_hash + coalesce(p.h, 0)) % {_MODULUS})::VARCHAR
        ORDER BY ALL
    """


def _parts(scan: str) -> str:
    """Return SQL for the count and sum of the rows that a scan answers for, by its key."""
    key = key_of(scan)
    selects = []
    for name, rows in answered_for(scan).items():
        named = ", ".join(f'"{c}" AS "{k}"' for c, k in zip(rows["columns"], key, strict=True))
        where = rows.get("where", "TRUE")
        selects.append(f"SELECT {named}, {_text(name)} AS h FROM {name} WHERE {where}")
    keys = ", ".join(f'"{k}"' for k in key)
    if not selects:
        nothing = ", ".join(f'"{k}"' for k in key)
        selects.append(f"SELECT {nothing}, 0::UBIGINT AS h FROM {scan} WHERE FALSE")
    return (
        f"SELECT {keys}, count(*) AS n, sum(h) AS h FROM ({' UNION ALL '.join(selects)}) "
        f"GROUP BY {keys}"
    )


def _same(scan: str, left: str, right: str) -> str:
    return " AND ".join(f'{left}."{k}" = {right}."{k}"' for k in key_of(scan))


def _text(name: str) -> str:
    """Return SQL for the hash of a row of a table, as `_plain` registers it."""
    parts = [
        f"coalesce({_printed(field)}, chr(30))"
        for field in arrow_schema(name)
        if field.name not in (COUNT, SUM)
    ]
    return f"md5_number_lower(concat_ws(chr(31), {', '.join(parts)}))"


def _printed(field: pa.Field) -> str:
    column = f'"{field.name}"'
    if pa.types.is_binary(field.type):
        return f"hex({column})"
    if pa.types.is_list(field.type):
        return f"array_to_string(list_transform({column}, lambda x: x::VARCHAR), chr(29))"
    return f"{column}::VARCHAR"


def _plain(table: pa.Table) -> pa.Table:
    """Return a table whose numbers of floating point and instants are whole numbers."""
    columns = [*map(_whole, table.columns), pa.array(range(table.num_rows), pa.int64())]
    return pa.table(columns, names=[*table.column_names, _PLACE])


_BITS = {pa.float32(): pa.int32(), pa.float64(): pa.int64()}


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if kind in _BITS:
        return pa.chunked_array([c.view(_BITS[kind]) for c in column.chunks], _BITS[kind])
    if pa.types.is_timestamp(kind):
        return column.cast(pa.int64())
    if pa.types.is_list(kind) and kind.value_type in _BITS:
        to = pa.list_(_BITS[kind.value_type])
        return pa.chunked_array([_whole_list(c, to) for c in column.chunks], to)
    return column


def _whole_list(chunk: pa.ListArray, to: pa.ListType) -> pa.ListArray:
    whole = pa.concat_arrays([chunk])
    values = whole.values.view(to.value_type)
    return pa.ListArray.from_arrays(whole.offsets, values, mask=whole.is_null())
