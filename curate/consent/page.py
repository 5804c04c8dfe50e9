"""One consent record being read: its terms and texts, and what is found wrong with it.

Everything wrong is collected with its place, so that one reading tells all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from curate.consent.jsonld import Context, Node, listed
from curate.errors import CurateError, InvalidRowError
from curate.model.instants import parse_instant
from curate.model.territories import territories

ADDRESS = re.compile(r"(mailto:.*)|[^@\s]+@[^@\s]+\.[^@\s]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass
class Page:
    """A record, as far as it was read.

    Attributes:
        context: What the file's own context says of terms.
        purposes: The purposes that are known.
        notices: The digest of each notice on file, by its id.
        seen: Where each consent of the file stands, by its id.
        people: What the file says of each subject, and where it said so first.
        errors: What is wrong, each with its place.
        notes: What was not wrong, and should be known.
        partly: Terms that say more than what was read from them; they are kept whole.
    """

    context: Context
    purposes: frozenset[str]
    notices: Mapping[str, str]
    seen: dict[str, str] = field(default_factory=dict)
    people: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    errors: list[CurateError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    partly: set[str] = field(default_factory=set)

    def wrong(self, place: str, problem: str, hint: str = "") -> None:
        """Keep an error."""
        self.errors.append(InvalidRowError(problem, where=place, hint=hint))

    def term_of(self, value: Any) -> str | None:
        """Return the term that `value` is: a text, a reference, or an object of one type."""
        if isinstance(value, dict):
            kinds = listed(value.get("@type"))
            if isinstance(value.get("@id"), str) and set(value) <= {"@id", "@type"}:
                value = value["@id"]
            elif set(value) <= {"@value", "@type", "@language"} and "@value" in value:
                value = value["@value"]
            elif set(value) == {"@type"} and len(kinds) == 1:
                value = kinds[0]
        return self.context.term(value) if isinstance(value, str) else None

    def terms(self, node: Node, key: str, place: str) -> list[str]:
        """Return the terms under `key`; anything else there is an error."""
        found = []
        for value in listed(node.get(key)):
            term = self.term_of(value)
            if term is None:
                self.wrong(place, f"{key}: expected a term, found {_shown(value)}")
            else:
                found.append(term)
        return found

    def types(self, node: Node, place: str) -> list[str]:
        """Return the types of a node, and what it says is broader than it."""
        return self.terms(node, "@type", place) + self.terms(node, "skos:broader", place)

    def text(self, node: Node, key: str, place: str) -> str | None:
        """Return the one text under `key`; None where there is none."""
        values = listed(node.get(key))
        if not values:
            return None
        value = values[0]
        if isinstance(value, dict):
            value = value.get("@value", value.get("rdf:value", value.get("@id")))
        if isinstance(value, dict):  # a value with its type, within a node
            value = value.get("@value")
        if len(values) > 1 or not isinstance(value, str) or not value:
            self.wrong(place, f"{key}: expected one text, found {_shown(node[key])}")
            return None
        return value

    def instant(self, node: Node, key: str, place: str) -> datetime | None:
        """Return the instant under `key`, in UTC."""
        text = self.text(node, key, place)
        if text is None:
            return None
        try:
            return parse_instant(text)
        except ValueError as error:
            self.wrong(place, f"{key}: {error}")
            return None

    def digest(self, node: Node, key: str, place: str) -> str | None:
        """Return the SHA-256 under `key`, in lowercase hex."""
        text = self.text(node, key, place)
        if text is not None and not _SHA256.fullmatch(text):
            self.wrong(place, f"{key}: {text!r} is no SHA-256 in lowercase hex")
            return None
        return text

    def choices(
        self, node: Node, key: str, allowed: tuple[str, ...], place: str
    ) -> list[str] | None:
        """Return the words under `key`, each one of `allowed`; None where the key is absent."""
        if key not in node:
            return None
        words = [term.removeprefix("curate:") for term in self.terms(node, key, place)]
        for word in words:
            if word not in allowed:
                self.wrong(place, f"{key}: {word!r} is none of {', '.join(allowed)}")
        return words

    def choice(self, node: Node, key: str, allowed: tuple[str, ...], place: str) -> str | None:
        """Return the one word under `key`, one of `allowed`."""
        words = self.choices(node, key, allowed, place) or []
        if len(words) > 1:
            self.wrong(place, f"{key}: expected one value, found {len(words)}")
        return words[0] if words else None

    def purpose_list(self, node: Node, place: str) -> list[str]:
        """Return the purposes of a node; one that is not known is an error, never left out."""
        found = []
        for value in listed(node.get("dpv:hasPurpose")):
            term = self.term_of(value)
            if term is None:
                self.wrong(
                    place,
                    f"dpv:hasPurpose: expected a term, found {_shown(value)}",
                    "a purpose described in words must be declared under [purposes] in "
                    "curate.toml and named here by its term",
                )
                continue
            name = _known(term, self.purposes)
            if name is None:
                self.wrong(
                    place,
                    f"dpv:hasPurpose: {term!r} is not a known purpose",
                    "declare it under [purposes] in curate.toml, or use one of: "
                    + ", ".join(sorted(self.purposes)),
                )
            else:
                found.append(name)
        return found

    def locations(self, node: Node, place: str, key: str = "dpv:hasLocation") -> list[str]:
        """Return the territories under `key`; one that does not exist is an error."""
        found: list[str] = []
        for term in self.terms(node, key, place):
            name = term.partition(":")[2] if term.startswith(("loc:", "curate:")) else term
            try:
                found += [code for code in territories(name) if code not in found]
            except ValueError as error:
                self.wrong(place, f"{key}: {error}")
        return found


def _known(term: str, purposes: frozenset[str]) -> str | None:
    if term in purposes:
        return term
    prefix, _, name = term.partition(":")
    if prefix not in ("dpv", "curate"):
        return None
    return next((found for found in (name, unquote(name)) if found in purposes), None)


def _shown(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), f"{type(value).__name__} {value!r}"[:80])
