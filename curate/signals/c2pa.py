"""C2PA: every manifest of a file and every ingredient at any depth, read by c2pa-python.

The only module that imports it. It is given a context without remote fetches and OCSP, so nothing
leaves the machine. An error of the package is `unreadable`: a record that cannot be read may
have held a refusal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from typing import IO, Any

from curate.errors import DependencyError
from curate.signals.fields import HANDLERS, SPEAKING, statements
from curate.signals.flags import flag_of
from curate.signals.found import Signal, unreadable
from curate.signals.normal import CATEGORIES, UNREADABLE, Use, cawg
from curate.signals.words import quoted, refusing

# Failures that say who signed is not known here, and not that anything was changed.
TRUST_ONLY = frozenset(
    ("signingCredential.untrusted", "timeStamp.untrusted", "cawg.x509.credential.untrusted")
)
_STRENGTHS = {"trusted": "verified", "valid": "signed"}
_COUNTED = re.compile(r"__\d+$")
_METADATA = (
    *("c2pa.metadata", "cawg.metadata", "stds.iptc", "stds.exif", "stds.schema-org"),
    *("adobe.", "stds.metadata"),
)
_NOT_HERE = ("_C2paManifestNotFound", "_C2paNotSupported")

Manifests = Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Record:
    """What came of reading a C2PA record.

    Attributes:
        state: As `signal_scans.c2pa_state` has it, without what only XMP knows.
        codes: Failures at any depth, sorted.
        signals: The statements of all manifests.
        ingredient_codes: Failures that ingredients brought along, sorted.
    """

    state: str
    codes: tuple[str, ...] = ()
    signals: list[Signal] = field(default_factory=list)
    ingredient_codes: tuple[str, ...] = ()


@cache
def tool() -> str:
    """Return what reads C2PA, with versions: verdicts on old records age with it.

    Raises:
        DependencyError: c2pa-python is not installed.
    """
    sdk = _package().sdk_version()
    return f"c2pa-python {version('c2pa-python')}, c2pa-rs {sdk}"


@cache
def _package() -> Any:
    try:
        import c2pa
    except ImportError as error:
        raise DependencyError(
            "c2pa-python is not installed", hint="pip install 'curate[signals]'"
        ) from error
    return c2pa


@cache
def _context(trust: str) -> Any:
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    if trust:
        settings["verify"]["verify_trust"] = True
        settings["trust"] = {"trust_anchors": trust}
    return _package().Context.from_dict(settings)


def read_c2pa(
    stream: IO[bytes], mime: str, *, digest: str, trust: str = "", store: bytes | None = None
) -> Record:
    """Return what the C2PA record of a file says.

    Args:
        stream: The file, at its beginning.
        mime: Its media type.
        digest: SHA-256 of the file, which is what statements were read from.
        trust: Certificates of trusted signers, PEM; without any no signer is trusted.
        store: The record, where it lies beside the file.
    """
    package = _package()
    make = partial(Signal, reader="c2pa", digest=digest, tool=tool())
    try:
        with package.Reader(mime, stream, store, context=_context(trust)) as reader:
            told = json.loads(reader.json())
    except package.C2paError as error:
        return _failed(error, make)
    except (ValueError, RecursionError, OSError) as error:
        return _error(f"{type(error).__name__}: {error}", make)
    try:
        return _record(told, str(told.get("validation_state") or "invalid").lower(), make)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return _error(f"the record has an unknown form: {error!r}", make)


def _failed(error: Exception, make: partial[Signal]) -> Record:
    name, said = type(error).__name__, str(error)
    if name in _NOT_HERE:
        return Record("none")
    if said.startswith("Remote:"):
        place = "C2PA manifest store"
        where = said.rsplit(" ", 1)[-1]
        told = make(kind="c2pa_state", place=place, value="remote_unread", codes=(where,))
        return Record("remote_unread", signals=[told])
    return _error(said, make)


def _error(why: str, make: partial[Signal]) -> Record:
    place = "C2PA manifest store"
    given = {"digest": make.keywords["digest"], "tool": make.keywords["tool"]}
    return Record("error", signals=[unreadable("c2pa", place, why, **given)])


def _record(told: dict[str, Any], state: str, make: partial[Signal]) -> Record:
    manifests: Manifests = told["manifests"]
    active = told["active_manifest"]
    failures = {one["code"] for one in told.get("validation_status") or ()}
    failures |= _failures(told.get("validation_results") or {})
    inner = _ingredient_failures(told, manifests)
    inherited = {code for codes in inner.values() for code in codes}
    whole = "invalid" if (inherited - TRUST_ONLY) and state in {"valid", "trusted"} else state
    signals = [make(kind="c2pa_state", place=active, value=state, codes=tuple(sorted(failures)))]
    signals += [
        make(
            kind="c2pa_state", place=place, ingredient=name, codes=tuple(sorted(codes)),
            value="invalid" if codes - TRUST_ONLY else "valid",
        )
        for (place, name), codes in sorted(inner.items())
    ]  # fmt: skip
    titles = _titles(manifests, active)
    strength = _STRENGTHS.get(whole, "claimed")
    for label, manifest in manifests.items():
        read_for = partial(make, strength=strength, ingredient=titles.get(label))
        if label != active and label not in titles:
            read_for = partial(read_for, ingredient=f"a part that is not named ({label})")
        signals += _manifest(manifest, read_for)
    return Record(whole, tuple(sorted(failures | inherited)), signals, tuple(sorted(inherited)))


def _titles(manifests: Manifests, active: str) -> dict[str, str]:
    """Return each ingredient's manifest with its title, from the active one to any depth."""
    titles: dict[str, str] = {}
    open_ends = [active]
    while open_ends:
        manifest = manifests.get(open_ends.pop(), {})
        for part in manifest.get("ingredients") or ():
            label = part.get("active_manifest")
            if label and label != active and label not in titles:
                titles[label] = f"{part.get('title') or 'untitled'} ({label})"
                open_ends.append(label)
    return titles


def _ingredient_failures(
    told: Mapping[str, Any], manifests: Manifests
) -> dict[tuple[str, str], set[str]]:
    """Return the failures of each ingredient, by the manifest that names it and its title."""
    found: dict[tuple[str, str], set[str]] = {}
    names: dict[tuple[str, str], str] = {}
    for label, manifest in manifests.items():
        for part in manifest.get("ingredients") or ():
            name = str(part.get("title") or "untitled")
            names[label, str(part.get("label"))] = name
            codes = {one["code"] for one in part.get("validation_status") or ()}
            codes |= _failures(part.get("validation_results") or {})
            if codes:
                found.setdefault((label, name), set()).update(codes)
    results = told.get("validation_results") or {}
    for delta in results.get("ingredientDeltas") or ():
        address = str(delta.get("ingredientAssertionURI", "")).split("/")
        label, assertion = (address[2], address[-1]) if len(address) > 3 else ("", "")
        name = names.get((label, assertion), assertion or "untitled")
        codes = {one["code"] for one in (delta.get("validationDeltas") or {}).get("failure") or ()}
        if codes:
            found.setdefault((label, name), set()).update(codes)
    return found


def _failures(results: Mapping[str, Any]) -> set[str]:
    return {one["code"] for one in (results.get("activeManifest") or {}).get("failure") or ()}


def _manifest(manifest: Mapping[str, Any], make: partial[Signal]) -> Iterator[Signal]:
    for assertion in manifest.get("assertions") or ():
        label, data = str(assertion.get("label")), assertion.get("data")
        plain = _COUNTED.sub("", label)
        if plain.rsplit(".", 1)[-1] == "training-mining":
            yield from _training_mining(label, data, make)
        elif plain.startswith("c2pa.actions"):
            yield from _actions(label, data, make)
        elif plain.startswith(_METADATA):
            yield from _metadata(label, data, make)
        elif SPEAKING.search(plain) or re.search("training|mining|rights", plain, re.IGNORECASE):
            yield _unreadable(make, label, "an assertion about use whose form is not known")
        yield from _words(label, plain, data, make)
        if not plain.startswith("c2pa.") and plain.rsplit(".", 1)[-1] != "training-mining":
            yield from _flags(label, data, make)
    yield from _named(manifest, make)
    for address in manifest.get("redactions") or ():
        # What was taken out of a part that this file was made from may have been a refusal.
        if (taken := str(address).rsplit("/", 1)[-1]) and not _PLAIN_PARTS.match(taken):
            yield _unreadable(make, taken, "an assertion that was taken out by redaction")


def _flags(label: str, data: object, make: partial[Signal]) -> Iterator[Signal]:
    """Yield the fields of an assertion whose names speak of use, or that say no to it."""
    for path, value in _values(data):
        local = path.rpartition(".")[2].rsplit(":", 1)[-1]
        flag = flag_of(path, value)
        if flag == "held" or (flag == "none" and SPEAKING.search(local) and local not in HANDLERS):
            yield _unreadable(make, f"{label}/{path}", f"{local}: {value}")


def _values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _values(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _values(inner, path)
    else:
        yield path, value


def _named(manifest: Mapping[str, Any], make: partial[Signal]) -> Iterator[Signal]:
    """Yield the title of a picture and the names of programs that made it, where they refuse."""
    for field_ in ("title", "claim_generator", "claim_generator_info"):
        for _, said in _leaves(manifest.get(field_)):
            if refusing(re.sub(r"[._/-]+", " ", said)):
                yield _unreadable(make, field_, f"free text: “{said}”")


_PLAIN_PARTS = re.compile(r"c2pa\.(?:thumbnail|hash|icon|embedded-data|ingredient|time-stamp)")


def _words(label: str, plain: str, data: object, make: partial[Signal]) -> Iterator[Signal]:
    """Yield the free texts of an assertion, which somebody wrote."""
    speaks = refusing if plain.startswith("c2pa.") and plain != "c2pa.metadata" else quoted
    if plain.rsplit(".", 1)[-1] == "training-mining":
        return
    for name, said in _leaves(data):
        local = name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        is_read = local in HANDLERS and local not in ("rights", "creator", "copyrightNotice")
        if not is_read and (found := speaks(said)):
            yield _unreadable(make, f"{label}/{name}", f"free text: “{found}”")


def _unreadable(make: partial[Signal], place: str, why: str) -> Signal:
    return make(kind="unreadable", place=place, value=why, uses=UNREADABLE)


def _training_mining(label: str, data: object, make: partial[Signal]) -> Iterator[Signal]:
    entries = data.get("entries") if isinstance(data, dict) else None
    if not isinstance(entries, dict) or not entries:
        yield _unreadable(make, label, "no entries")
        return
    for key, entry in entries.items():
        use = entry.get("use") if isinstance(entry, dict) else entry
        info = entry if isinstance(entry, dict) else {}
        condition = info.get("constraint_info") or info.get("constraints_info")
        value = f"{use}: {condition}" if condition else str(use)
        uses = cawg(str(key), use)
        if condition and Use.ALLOWED in {getattr(uses, name) for name in CATEGORIES}:
            # What is allowed under a condition is constrained.
            uses = cawg(str(key), "constrained")
        yield make(kind="optout", place=f"{label}/{key}", value=value, uses=uses)


def _actions(label: str, data: object, make: partial[Signal]) -> Iterator[Signal]:
    actions = data.get("actions") if isinstance(data, dict) else None
    if not isinstance(actions, list):
        yield _unreadable(make, label, "no actions")
        return
    for action in actions:
        origin = list(_source_types(f"{label}/{action.get('action')}", action, make))
        generative = any(one.generative for one in origin) if origin else None
        name = str(action.get("action"))
        yield make(kind="c2pa_action", place=label, value=name, generative=generative)
        yield from origin


def _source_types(place: str, value: object, make: partial[Signal]) -> Iterator[Signal]:
    """Yield the digital source types at any depth of a value."""
    for name, said in _leaves(value):
        if name == "digitalSourceType":
            yield from statements(name, place, [said], partial(_made, make))


def _metadata(label: str, data: object, make: partial[Signal]) -> Iterator[Signal]:
    for key, said in _leaves(data):
        local = key.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        if local in HANDLERS:
            yield from statements(local, f"{label}/{key}", [said], partial(_made, make))


def _made(make: partial[Signal], kind: str, place: str, value: str | None, **rest: Any) -> Signal:
    return make(kind=kind, place=place, value=value, **rest)


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text, number or truth of parsed JSON with the name it stands under."""
    if isinstance(value, dict):
        for key, inner in value.items():
            # What stands in {"@value": ...} or a list of languages belongs to the field above.
            yield from _leaves(inner, name if key.startswith(("@", "x-")) and name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    elif value is not None:
        yield name, str(value)
