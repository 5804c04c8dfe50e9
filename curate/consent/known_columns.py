"""Which columns a table of statements may have: what is not known is not passed over.

A column whose name nobody knows may be the one that takes everything back (``Status``,
``withdrawn_at``). It is refused with the column that was probably meant, unless the settings say
that it is to be kept as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors
from curate.rows import Row

# Names of the ledger's own columns, which people write in spreadsheets too.
ALSO = {"consent_id": "consent", "subject_id": "subject", "notice_id": "notice"}
# What people call a state, and its instant, with a column of its own.
_MEANT = {
    "withdrawn": "state", "withdrawal": "state", "revoked": "state", "refused": "state",
    "withdrawn_at": "state_at", "withdrawal_date": "state_at", "revoked_at": "state_at",
    "refused_at": "state_at", "withdrawn_on": "state_at",
}  # fmt: skip


def renamed(rows: Sequence[Row], columns: Collection[str]) -> list[Row]:
    """Return rows in which columns have the names that the readers know.

    Raises:
        InvalidFileError: A column stands there under both of its names.
    """
    found = {name for row in rows for name in (*row.values, *row.blank, *row.empty)}
    named = {also: name for also, name in ALSO.items() if also in found and also not in columns}
    for also, name in named.items():
        if name in found:
            raise InvalidFileError(
                f"the columns {also!r} and {name!r} are one and the same",
                where=rows[0].place,
                hint="leave one of them out",
            )
    if not named:
        return list(rows)
    return [
        replace(
            row,
            values={named.get(k, k): v for k, v in row.values.items()},
            empty=frozenset(named.get(k, k) for k in row.empty),
            blank=frozenset(named.get(k, k) for k in row.blank),
        )
        for row in rows
    ]


def unknown_columns(
    rows: Sequence[Row], known: Collection[str], *, keep: Collection[str], path: Path, what: str
) -> CurateError | None:
    """Return the error that columns are not known and not to be kept; None where all are.

    Args:
        rows: The rows of the file.
        known: The columns that such a table may have.
        keep: Names that the settings keep.
        path: The file.
        what: What the rows are, in the plural.
    """
    places: dict[str, list[str]] = {}
    for row in rows:
        for name in row.values:
            if name not in known and name not in keep:
                places.setdefault(name, []).append(row.place)
    if not places:
        return None
    errors: list[CurateError] = [_error(name, at, known, path, what) for name, at in places.items()]
    return errors[0] if len(errors) == 1 else ManyErrors(errors, hint=how_to_keep(list(places)))


def kept_only(row: Row, known: Collection[str]) -> Row:
    """Return a row without the columns that are kept and that its reader does not know."""
    return replace(row, values={k: v for k, v in row.values.items() if k in known})


def nearest_column(name: str, known: Collection[str]) -> str | None:
    """Return the column that was probably meant, or None where none is near.

    >>> nearest_column("Status", ["state", "roles"])
    'state'
    >>> nearest_column("excluded_purposes", ["purposes", "purposes_excluded"])
    'purposes_excluded'
    """
    plain = name.casefold().strip().replace(" ", "_").replace("-", "_")
    meant = _MEANT.get(plain)
    if meant in known:
        return meant
    score, found = max(
        ((max(_alike(plain, one), _alike(_turned(plain), _turned(one))), one)
         for one in sorted(known)),
        default=(0.0, None),
    )  # fmt: skip
    return found if score >= 0.6 else None


def _error(
    name: str, places: Sequence[str], known: Collection[str], path: Path, what: str
) -> InvalidRowError:
    near = nearest_column(name, known)
    meant = "" if near is None else f"; the nearest known one is {near!r}"
    more = f", and in {len(places) - 1:,} more" if len(places) > 1 else ""
    return InvalidRowError(
        f"the column {name!r} is not known in a table of {what} (first at {places[0]}{more})"
        f"{meant}",
        where=str(path),
        hint=how_to_keep([name]),
    )


def how_to_keep(names: Sequence[str]) -> str:
    """Return what to do about columns that are not known."""
    listed = ", ".join(f'"{name}"' for name in names)
    says, them = ("it says", "it") if len(names) == 1 else ("they say", "them")
    return (
        f"what {says} would be lost. If {says} nothing of what people agreed to, have {them} kept: "
        f"`keep = [{listed}]` under [import] in curate.toml. Nothing of the file was recorded"
    )


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _turned(name: str) -> str:
    return "_".join(sorted(name.split("_")))
