"""Entries that a consent or a withdrawal lists, found among those of the catalogue.

A name that stands for no entry would reach nothing: a grant would be an empty one, and a
withdrawal would be passed over. Neither is recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from curate.consent.statements import RESTRICTING, Record, Statements
from curate.errors import CurateError, InvalidRowError, ManyErrors

_HOW = (
    "name entries by their id or by their locator, as `curate explain` prints them, or write 'all' "
    "where it is about every entry in which the person appears"
)


@dataclass(frozen=True)
class Entries:
    """The entries of a catalogue, as people name them.

    Attributes:
        locators: The locator of each entry, by its id.
        showing: The ids of the entries in which somebody appears, by pseudonym.
    """

    locators: Mapping[str, str]
    showing: Mapping[str, Collection[str]] = field(default_factory=dict)

    def found(self, name: str) -> list[str]:
        """Return the ids of the entries that have a name: an id, however it is cased, or a locator.

        >>> Entries({"0a-1": "a.jpg"}).found("0A-1"), Entries({"0a-1": "a.jpg"}).found("a.jpg")
        (['0a-1'], ['0a-1'])
        """
        if name in self.locators:
            return [name]
        if name.lower() in self.locators:
            return [name.lower()]
        return sorted(one for one, locator in self.locators.items() if locator == name)


def resolve_media(found: Statements, entries: Entries, place: str) -> None:
    """Write the ids of entries in the place of the names by which consents list them.

    Args:
        found: What a row, or a document, says; changed in place.
        entries: The entries that are known.
        place: Where it stands.

    Raises:
        InvalidRowError: A name stands for no entry; a grant's stands for several; or something is
            taken back for an entry in which the person does not appear. ManyErrors: several do.
    """
    against = {
        row["consent_id"] for row in found.records.get("consent_events", ())
        if row["state"] in RESTRICTING
    }  # fmt: skip
    errors: list[CurateError] = []
    for consent in found.records.get("consents", ()):
        if consent.get("scope_kind") == "listed_media":
            restricts = bool(consent["consent_id"] in against or consent.get("purposes_excluded"))
            errors += _resolve(consent, entries, place, restricts=restricts)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


def _resolve(
    consent: Record, entries: Entries, place: str, *, restricts: bool
) -> list[InvalidRowError]:
    subject, errors, ids = consent["subject_id"], list[InvalidRowError](), list[str]()
    names = consent.get("scope_media_ids") or []
    if not names:
        return [InvalidRowError("media: it lists no entry", where=place, hint=_HOW)]
    shown = set(entries.showing.get(subject, ()))
    for name in names:
        known = entries.found(str(name))
        if not known:
            errors.append(_unknown(str(name), entries, place))
        elif len(known) > 1 and not restricts:
            errors.append(InvalidRowError(
                f"media: {name!r} is the locator of {len(known)} entries", where=place,
                hint=f"write the id of the one that is meant: {', '.join(known)}",
            ))  # fmt: skip
        elif restricts and not shown & set(known):
            errors.append(InvalidRowError(
                f"media: {subject!r} does not appear in {name!r}, so nothing would be taken back",
                where=place,
                hint="write the entries in which the person appears, or 'all'. If they do appear "
                "in it, declare them in its manifest first, or record what they ask for with "
                "`curate requests open`",
            ))  # fmt: skip
        else:
            ids += known
    if not errors:
        consent["scope_media_ids"] = list(dict.fromkeys(ids))
    return errors


def _unknown(name: str, entries: Entries, place: str) -> InvalidRowError:
    if not entries.locators:
        hint = "the catalogue has no entries yet: ingest the media first, then import this file"
    else:
        near = get_close_matches(name, sorted(set(entries.locators.values())), n=1, cutoff=0.6)
        hint = (f"did you mean {near[0]!r}? " if near else "") + _HOW[0].upper() + _HOW[1:]
    return InvalidRowError(f"media: no entry is called {name!r}", where=place, hint=hint)
