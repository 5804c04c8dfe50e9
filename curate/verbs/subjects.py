"""Whom a pseudonym on the command line stands for, by all that the workspace knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.errors import CatalogError, UnknownNameError
from curate.model.pseudonyms import cleaned, nearest, same_but_for_writing

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
    from curate.verbs.context import Context

_NAMING = ("subjects", "consents", "consent_events", "requests")


def stated_subjects(ledger: Ledger) -> set[str]:
    """Return the pseudonyms that records of the ledger name."""
    return {
        subject
        for kind in _NAMING
        for subject in ledger.read(kind)["subject_id"].drop_null().to_pylist()
    }


def known_subjects(context: Context) -> set[str]:
    """Return the pseudonyms that records or entries name, as far as these can be read."""
    found = stated_subjects(context.ledger)
    try:
        depicted = context.catalog.read("depictions")["subject_id"].drop_null().to_pylist()
    except CatalogError:
        return found
    return found | set(depicted)


def known_subject(context: Context, pseudonym: str) -> str | None:
    """Return the known pseudonym that is written so, or so but for what shows nothing; or None.

    Raises:
        UnknownNameError: One that differs only in how it is written is known, or this is empty.
    """
    known = known_subjects(context)
    for form in (pseudonym, cleaned(pseudonym)):
        if form in known:
            return form
    wanted = cleaned(pseudonym)
    if not wanted:
        raise UnknownNameError("the pseudonym is empty", where="SUBJECT")
    if (same := same_but_for_writing(wanted, known)) is not None:
        raise unknown_subject(wanted, {same})
    return None


def meant_subject(pseudonym: str, known: set[str], *, where: str = "SUBJECT") -> str:
    """Return the one of the known pseudonyms that is written so, or so but for what shows nothing.

    Raises:
        UnknownNameError: None is.
    """
    for form in (pseudonym, cleaned(pseudonym)):
        if form in known:
            return form
    raise unknown_subject(cleaned(pseudonym), known, where=where)


def unknown_subject(pseudonym: str, known: set[str], *, where: str = "SUBJECT") -> UnknownNameError:
    """Return the error that nothing names a pseudonym, with the nearest that is known."""
    near = nearest(pseudonym, known)
    meant = "" if near is None else f"did you mean {near!r}? "
    return UnknownNameError(
        f"nothing on record or in the catalogue names the subject {pseudonym!r}",
        where=where,
        hint=f"{meant}Pseudonyms are spelled as in the consent file or manifest; nothing was "
        "recorded or changed",
    )


def named_subject(context: Context, pseudonym: str) -> str:
    """Return the known pseudonym that is meant by a word of the command line.

    Raises:
        UnknownNameError: No record or entry names it.
    """
    found = known_subject(context, pseudonym)
    if found is None:
        raise unknown_subject(cleaned(pseudonym), known_subjects(context))
    return found
