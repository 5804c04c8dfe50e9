"""JSON-LD as consent records come in it, read strictly and without a network.

What is read is the tree that people write: compact terms, ``@graph``, references by ``@id``
within the file, and contexts that stand in the file. A context at an address is never fetched;
the terms of `curate.consent.vocabulary` are known without it. Anything that would change the
meaning of what is read (a key given twice, a cycle, an unknown keyword) is an error.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.consent.vocabulary import BARE, NAMESPACES, PREFIX_ALIASES
from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors

MAX_DEPTH = 64
# References may be many to one: bounds how many values following them can add.
MAX_NODES = 500_000
_MAX_HOPS = 8
_KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@list", "@set"})
_PREFIXES = {p: spaces[0] for p, spaces in NAMESPACES.items()} | {
    alias: NAMESPACES[p][0] for alias, p in PREFIX_ALIASES.items()
}

Node = dict[str, Any]


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood twice."""

    doubled: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        made.doubled = tuple(sorted(key for key, count in counts.items() if count > 1))
    return made


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")


def parse_json(data: bytes, *, where: str) -> Any:
    """Return the JSON value in `data`, which must be UTF-8 (RFC 8259, with unique keys).

    Args:
        data: The bytes of a file.
        where: The file, for places.

    Raises:
        InvalidFileError: This is no JSON, or it is nested deeper than `MAX_DEPTH`.
        ManyErrors: Objects name a key twice, or hold text that is no Unicode.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise InvalidFileError("this is not UTF-8 text", where=where) from None
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidFileError(f"this is not JSON: {problem}", where=where) from None
    errors: list[CurateError] = []
    for place, item, depth in _walk(value):
        if depth > MAX_DEPTH:
            raise InvalidFileError(f"nested deeper than {MAX_DEPTH} levels", where=where)
        if isinstance(item, _Object):
            errors += [
                InvalidRowError(f"the key {key!r} stands twice", where=f"{where}{place}")
                for key in item.doubled
            ]
        if not _is_text(item):
            errors.append(InvalidRowError("text that is no Unicode", where=f"{where}{place}"))
    raise_all(errors)
    return value


def _is_text(item: Any) -> bool:
    """Return whether a text, or an object's keys, hold no half of a surrogate pair."""
    texts = [item] if isinstance(item, str) else list(item) if isinstance(item, dict) else []
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _walk(value: Any) -> Iterator[tuple[str, Any, int]]:
    """Yield every value in `value` with its place and depth, without recursion."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        place, item, depth = waiting.pop()
        yield place, item, depth
        if depth > MAX_DEPTH:
            continue
        if isinstance(item, dict):
            waiting += [(f"{place}.{key}", part, depth + 1) for key, part in item.items()]
        elif isinstance(item, list):
            waiting += [(f"{place}[{i}]", part, depth + 1) for i, part in enumerate(item)]


def raise_all(errors: list[CurateError]) -> None:
    """Raise what is in `errors`, if anything is: one as itself, several as `ManyErrors`."""
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


@dataclass(frozen=True)
class Context:
    """The prefixes and names that stand in a file's own ``@context``.

    Attributes:
        names: What each name is short for.
        vocab: The namespace of names without a prefix; empty when none is given.
    """

    names: dict[str, str] = field(default_factory=dict)
    vocab: str = ""

    def term(self, text: str) -> str:
        """Return the term that `text` names, compactly: ``dpv:ConsentGiven``.

        >>> Context().term("https://w3id.org/dpv#ConsentGiven")
        'dpv:ConsentGiven'
        """
        return compact(self._expand(text))

    def key(self, text: str) -> str:
        """Return the property that `text` names; a known one needs no prefix."""
        found = self.term(text)
        return BARE.get(found, found)

    def _expand(self, text: str, hops: int = _MAX_HOPS) -> str:
        if text.startswith("@"):
            return text
        if hops == 0:
            raise ValueError(f"@context: {text!r} is defined by itself")
        if text in self.names:
            return self._expand(self.names[text], hops - 1)
        prefix, colon, rest = text.partition(":")
        if not colon:
            return f"{self.vocab}{text}"
        if rest.startswith("//"):
            return text
        if prefix in self.names:
            return self._expand(self.names[prefix], hops - 1) + rest
        return _PREFIXES[prefix] + rest if prefix in _PREFIXES else text


def compact(iri: str) -> str:
    """Return `iri` with the prefix of its namespace, when that is known."""
    for prefix, spaces in NAMESPACES.items():
        for space in spaces:
            if iri.startswith(space) and len(iri) > len(space):
                return f"{prefix}:{iri.removeprefix(space)}"
    return iri


def _context(value: Any, place: str) -> Context:
    """Return what a ``@context`` defines here; addresses are not fetched."""
    names: dict[str, str] = {}
    vocab = ""
    for part in value if isinstance(value, list) else [value]:
        if part is None or isinstance(part, str):
            continue
        if not isinstance(part, dict):
            raise InvalidRowError("@context: expected an object or an address", where=place)
        for name, meaning in part.items():
            target = meaning.get("@id") if isinstance(meaning, dict) else meaning
            if name == "@vocab" and isinstance(target, str):
                vocab = target
            elif isinstance(target, str) and not name.startswith("@") and target != name:
                names[name] = target
    made = Context(names, vocab)
    try:
        for name in names:
            made.term(name)
    except ValueError as error:
        raise InvalidRowError(str(error), where=place) from None
    return made


@dataclass(frozen=True)
class Found:
    """A node at the top of a file, with the context that its terms are read by."""

    place: str
    node: Node
    context: Context


@dataclass
class _Budget:
    left: int = MAX_NODES


def read_nodes(document: Any, *, where: str) -> list[Found]:
    """Return the nodes at the top of a document, keys compact and references put in place.

    Args:
        document: What `parse_json` returned: an object, an object with ``@graph``, or an array.
        where: The file, for places.

    Raises:
        InvalidRowError: A cycle of references, a keyword that is not read, or a key that
            stands twice under two spellings.
    """
    tops = [
        Found(place, _keys(node, context, place), context)
        for place, node, context in _tops(document, where)
    ]
    by_id: dict[str, Found] = {}
    for top in tops:
        name = top.node.get("@id")
        if isinstance(name, str) and by_id.setdefault(name, top) is not top:
            raise InvalidRowError(f"@id: {name!r} stands twice", where=top.place)
    budget = _Budget()
    return [
        Found(top.place, _embed(top.node, by_id, (top.node.get("@id"),), top.place, budget),
              top.context)
        for top in tops
    ]  # fmt: skip


def _tops(document: Any, where: str) -> Iterator[tuple[str, Node, Context]]:
    if isinstance(document, list):
        items = [(f"{where}[{i}]", item) for i, item in enumerate(document)]
    else:
        items = [(where, document)]
    for place, item in items:
        if not isinstance(item, dict):
            raise InvalidRowError(f"expected an object, found {type(item).__name__}", where=place)
        context = _context(item.get("@context"), place)
        inner = {key: value for key, value in item.items() if key != "@context"}
        if "@graph" not in inner:
            yield place, inner, context
            continue
        if len(inner) > 1:
            raise InvalidRowError("@graph: other keys stand beside it", where=place)
        graph = inner["@graph"]
        for i, node in enumerate(graph if isinstance(graph, list) else [graph]):
            if not isinstance(node, dict):
                raise InvalidRowError("expected an object", where=f"{place}.@graph[{i}]")
            yield f"{place}.@graph[{i}]", node, context


def _keys(value: Any, context: Context, place: str) -> Any:
    """Return `value` with its keys as compact terms, and its sets and lists as arrays."""
    if isinstance(value, list):
        return [_keys(item, context, f"{place}[{i}]") for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if is_literal(value):
        return value
    made: Node = {}
    for name, item in value.items():
        key = context.key(name)
        if key.startswith("@") and key not in _KEYWORDS:
            raise InvalidRowError(f"the keyword {key} is not read here", where=place)
        if key in made:
            raise InvalidRowError(f"{key} stands twice, once as {name!r}", where=place)
        made[key] = _keys(item, context, f"{place}.{key}")
    for wrapper in ("@set", "@list"):
        if wrapper in made:
            return made[wrapper] if isinstance(made[wrapper], list) else [made[wrapper]]
    return made


def _embed(
    value: Any, by_id: dict[str, Found], above: tuple[Any, ...], place: str, budget: _Budget
) -> Any:
    """Return `value` with each reference to a node of the file replaced by that node."""
    if len(above) > 1:  # within what a reference stands for
        budget.left -= 1
    if budget.left < 0:
        raise InvalidRowError("its references grow without bound", where=place)
    if isinstance(value, list):
        return [_embed(item, by_id, above, place, budget) for item in value]
    if not isinstance(value, dict) or is_literal(value):
        return value
    name = value.get("@id")
    if set(value) == {"@id"} and isinstance(name, str) and name in by_id:
        if name in above or len(above) > MAX_DEPTH:
            raise InvalidRowError(f"@id: {name!r} refers to itself in a cycle", where=place)
        return _embed(by_id[name].node, by_id, (*above, name), place, budget)
    return {
        key: _embed(item, by_id, above, f"{place}.{key}", budget) for key, item in value.items()
    }


def is_literal(value: Node) -> bool:
    """Return whether `value` is JSON that stands for itself, and is no linked data."""
    return value.get("@type") == "@json" and "@value" in value


def listed(value: Any) -> list[Any]:
    """Return `value` as a list: JSON-LD makes no difference between one and a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def file_bytes(path: Path, *, limit: int) -> bytes:
    """Return the bytes of a file that is no larger than `limit` bytes.

    Raises:
        InvalidFileError: It is larger, or cannot be read.
    """
    try:
        if path.stat().st_size > limit:
            raise InvalidFileError(
                f"larger than {limit:,} bytes", where=str(path), hint="split it into several files"
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidFileError(f"cannot be read: {error.strerror}", where=str(path)) from None
