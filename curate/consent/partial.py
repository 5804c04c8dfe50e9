"""Files of which some rows are wrong: whom these may be about gains nothing by the others."""

from __future__ import annotations

from collections.abc import Sequence

from curate.consent.statements import Statements
from curate.errors import CurateError, InvalidRowError, ManyErrors
from curate.model.near import near_pairs
from curate.model.pseudonyms import cleaned, folded
from curate.rows import Row


def without_doubted(
    read: list[tuple[Row, Statements]], wrong: Sequence[Row], errors: list[CurateError]
) -> list[tuple[Row, Statements]]:
    """Return the rows to record beside those that are wrong.

    Of people whom a wrong row is about, or may be, only what takes something back.

    Args:
        read: The rows that are right, with what they say.
        wrong: Those that are not.
        errors: What is wrong; what is left out is added.

    Raises:
        CurateError: Nothing is right, or a wrong row may take something back from anybody.
    """
    _refuse_to_guess(wrong, errors, nothing=not read)
    wrong_of = _with_near([_who(row) for row in wrong], [_who(row) for row, _ in read])
    kept = []
    for row, of_row in read:
        if _who(row) in wrong_of and not of_row.restricts():
            errors.append(InvalidRowError(
                f"left out, because another row of {_who(row)} is wrong",
                where=row.place, hint="correct that row, and import the file again",
            ))  # fmt: skip
        else:
            kept.append((row, of_row))
    if not kept:
        raise ManyErrors(errors)
    return kept


def _who(row: Row) -> str:
    return cleaned(str(row.values.get("subject", row.values.get("subject_id", ""))))


def _refuse_to_guess(wrong: Sequence[Row], errors: list[CurateError], *, nothing: bool) -> None:
    """Refuse a file of which nothing was read, or a row that may take back anybody's consent.

    Raises:
        ManyErrors: It is so.
    """
    nobody = [row for row in wrong if not _who(row) and (row.problem or _may_restrict(row))]
    if nobody:
        raise ManyErrors(errors, hint=(
            f"the row at {nobody[0].place} may take something back, and does not say from whom: "
            "correct it first. Nothing of the file was recorded"
        ))  # fmt: skip
    if nothing:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


def _may_restrict(row: Row) -> bool:
    state = str(row.values.get("state", "")).strip().casefold()
    return state not in ("", "given", "renewed", "requested") or "purposes_excluded" in row.values


def _with_near(wrong: Sequence[str], read: Sequence[str]) -> set[str]:
    """Return the pseudonyms of rows that are wrong, and those that are written nearly so."""
    of = {one for one in wrong if one}
    forms = {folded(one) for one in of}
    found = of | {one for one in read if folded(one) in forms}
    for one, other, _ in near_pairs({*of, *read} - {""}).pairs if of else ():
        found |= {one, other} if {one, other} & of else set()
    return found
