"""The settings of a workspace, read from `curate.toml` and checked against its schema."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from curate.errors import ConfigError
from curate.model.instants import parse_instant
from curate.model.territories import territories
from curate.schema import problems, purpose_tree

REAL_WORDS = ("real", "original", "pristine", "genuine", "authentic", "bonafide", "live")
FAKE_WORDS = ("fake", "manipulated", "synthetic", "deepfake", "generated", "altered", "spoof")


@dataclass(frozen=True)
class UseProfile:
    """What the dataset is wanted for: purpose, operations, audience, territory, time."""

    name: str
    purpose: str
    operations: tuple[str, ...] = ("include",)
    audience: str = "internal"
    commercial: bool = False
    recipient_territories: tuple[str, ...] = ()
    storage_territories: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    horizon_days: int = 365
    contexts: tuple[str, ...] = ()
    minors: bool = False
    legal_basis: str | None = None

    def begins(self, as_of: datetime) -> datetime:
        """Return from when it is judged: an instant, or its start where that is later."""
        return as_of if self.starts_at is None else max(as_of, self.starts_at)

    def ends(self, as_of: datetime) -> datetime:
        """Return when it ends; where nobody said so, its horizon after it begins."""
        if self.ends_at is not None:
            return self.ends_at
        try:
            return self.begins(as_of) + timedelta(days=self.horizon_days)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiver:
    """A finding that someone answers for: it is told, and does not lower a verdict.

    Attributes:
        code: The rule; one that blocks cannot be waived.
        reason: Why.
        by: Who answers for it, by their names on the register of reviewers.
        expires: Until when it holds, not included.
        media: The entries' locators; every entry when empty.
        given_at: When it was given; None for one in `curate.toml`, which does not say.
        key_id: The key that signed it.
    """

    code: str
    reason: str
    by: tuple[str, ...]
    expires: datetime
    media: tuple[str, ...] = ()
    given_at: datetime | None = None
    key_id: str | None = None


@dataclass(frozen=True)
class Config:
    """A workspace's settings; every field has a default that is safe."""

    name: str = ""
    notice: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    real_words: tuple[str, ...] = REAL_WORDS
    fake_words: tuple[str, ...] = FAKE_WORDS
    subject: str = ""
    strip: tuple[str, ...] = ()
    rejected_share: float = 0.5
    analyzer: str = "dlib"
    model: str = ""
    smallest: int | None = None
    exact: bool = False
    trust: tuple[str, ...] = ()
    radius: int = 31
    min_quality: int = 50
    turned: bool = True
    false_match_rate: float = 1e-3
    vault_key: str = ""
    keep_days: int = 30
    supersede_days: int = 30
    release_documents: bool = False
    officer: str = ""
    openers: tuple[str, ...] = ()
    hash_only: bool = False
    seal: tuple[str, ...] = ("csam", "ncii", "takedown", "terror")
    in_place: tuple[str, ...] = ("csam",)
    uses: dict[str, UseProfile] = field(default_factory=dict)
    purposes: dict[str, str | None] = field(default_factory=purpose_tree)
    waivers: tuple[Waiver, ...] = ()
    clearance: dict[str, Any] = field(default_factory=dict)

    @property
    def smallest_px(self) -> int:
        """The size in pixels down to which faces must be sought.

        The default analyzer searches large pictures in parts. Others look at a picture once, and
        where the settings name no size they are held to a coarser one.
        """
        return self.smallest or (24 if self.analyzer == "dlib" else 64)

    @property
    def source_required(self) -> bool:
        """Whether an entry must name the source that it comes from."""
        return self.clearance.get("source", "required") == "required"

    def enough(self, audience: str) -> dict[str, tuple[str, ...]]:
        """Return the bases that are enough for an audience, for questions the settings name."""
        own = self.clearance.get(audience, {})
        return {
            name: tuple(bases)
            for name, bases in {**self.clearance, **own}.items()
            if isinstance(bases, list)
        }


def parse_config(text: str, *, where: str) -> Config:
    """Return the settings that `text`, the content of a `curate.toml`, states.

    Raises:
        ConfigError: The text is no TOML, a field is not known or has a wrong value, a use names
            a purpose that stands nowhere in the tree, or a purpose breaks the tree.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}", where=where) from None
    raw = _instants_as_text(raw)
    wrong = problems(raw, "config")
    if wrong:
        raise ConfigError("; ".join(wrong), where=where)
    for waiver in raw.get("waivers", ()):
        _check_named(waiver, where)
    _check_purposes(raw.get("purposes", {}), f"{where}: purposes")
    try:
        config = _config(raw)
    except ValueError as error:
        raise ConfigError(f"uses: {error}", where=where) from None
    for use in config.uses.values():
        _check_use(use, config, where)
    uses = {name: _expanded(use, where) for name, use in config.uses.items()}
    return replace(config, uses=uses)


def _config(raw: dict[str, Any]) -> Config:
    parts = ("ingest", "faces", "dedup", "safety")
    ingest, faces, dedup, safety = (raw.get(part, {}) for part in parts)
    values: dict[str, Any] = {
        "name": raw.get("workspace", {}).get("name"),
        "notice": raw.get("workspace", {}).get("notice"),
        "columns": ingest.get("columns"),
        "keep": _listed(raw.get("import", {}).get("keep")),
        "real_words": _words(ingest.get("real")),
        "fake_words": _words(ingest.get("fake")),
        "subject": ingest.get("subject"),
        "strip": _listed(ingest.get("strip")),
        "rejected_share": ingest.get("rejected_share"),
        "analyzer": faces.get("analyzer"),
        "model": faces.get("model"),
        "smallest": faces.get("smallest"),
        "exact": raw.get("probe", {}).get("exact"),
        "trust": tuple(raw.get("signals", {}).get("trust", ())),
        "radius": dedup.get("radius"),
        "min_quality": dedup.get("min_quality"),
        "turned": dedup.get("turned"),
        "false_match_rate": raw.get("identity", {}).get("false_match_rate"),
        "vault_key": raw.get("vault", {}).get("key"),
        "keep_days": raw.get("vault", {}).get("keep_days"),
        "supersede_days": raw.get("release", {}).get("supersede_days"),
        "release_documents": raw.get("release", {}).get("documents"),
        "officer": safety.get("officer"),
        "openers": _listed(safety.get("openers")),
        "hash_only": safety.get("hash_only"),
        "seal": _listed(safety.get("seal")),
        "in_place": _listed(safety.get("in_place")),
        "uses": {name: _use(name, use) for name, use in raw.get("uses", {}).items()},
        "waivers": tuple(_waiver(waiver) for waiver in raw.get("waivers", ())),
        "clearance": raw.get("clearance"),
        "purposes": {**purpose_tree(), **raw.get("purposes", {})},
    }
    return Config(**{key: value for key, value in values.items() if value is not None})


def _listed(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _words(words: list[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(word.casefold() for word in words)


def _use(name: str, raw: dict[str, Any]) -> UseProfile:
    lists: dict[str, Any] = {k: tuple(v) for k, v in raw.items() if isinstance(v, list)}
    instants: dict[str, Any] = {k: _instant(k, raw) for k in ("starts_at", "ends_at") if k in raw}
    return UseProfile(name=name, **(raw | lists | instants))


def _instant(field: str, raw: dict[str, Any]) -> datetime:
    try:
        return parse_instant(raw[field])
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None


def _check_purposes(own: dict[str, str], where: str) -> None:
    """Refuse terms that would move a shipped one, or that lead nowhere."""
    shipped = purpose_tree()
    for term, broader in own.items():
        if term in shipped:
            # A grant covers what stands below it: moving a term would widen old consents.
            raise ConfigError(f"{term!r} is curate's own, and cannot be moved", where=where)
        if broader not in shipped and broader not in own:
            raise ConfigError(f"{term!r} stands below {broader!r}, which is not known", where=where)
        seen, at = {term}, broader
        while at in own:
            if at in seen:
                raise ConfigError(f"{term!r} stands below itself", where=where)
            seen.add(at)
            at = own[at]


def _check_named(raw: dict[str, Any], where: str) -> None:
    """Refuse a waiver that is for all entries because nobody said for which."""
    if ("media" in raw) == raw.get("all", False):
        both = "media" in raw
        raise ConfigError(
            f"waivers: {raw['code']} " + (
                "names entries and is for all" if both else "does not say for which entries"
            ),
            where=where, hint="name them with media = [...], or say all = true",
        )  # fmt: skip


def _waiver(raw: dict[str, Any]) -> Waiver:
    return Waiver(
        raw["code"], raw["reason"], _several(raw["by"]), parse_instant(raw["expires"]),
        _several(raw.get("media", ())),
    )  # fmt: skip


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check_use(use: UseProfile, config: Config, where: str) -> None:
    place = f"{where}: uses.{use.name}"
    if use.purpose not in config.purposes:
        known = ", ".join(sorted(config.purposes))
        raise ConfigError(
            f"purpose {use.purpose!r} is not known",
            where=place,
            hint=f"use one of: {known}; or declare it under [purposes]",
        )
    if use.starts_at and use.ends_at and use.ends_at <= use.starts_at:
        raise ConfigError("ends_at is not after starts_at", where=place)


def _expanded(use: UseProfile, where: str) -> UseProfile:
    """Return a use whose territories are codes, unions by their members.

    Raises:
        ConfigError: There is no such territory.
    """
    try:
        recipients, storage = (
            tuple(sorted({member for code in codes for member in territories(code)}))
            for codes in (use.recipient_territories, use.storage_territories)
        )
    except ValueError as error:
        raise ConfigError(str(error), where=f"{where}: uses.{use.name}") from None
    return replace(use, recipient_territories=recipients, storage_territories=storage)


def _instants_as_text(value: Any) -> Any:
    """Return `value` with TOML's own dates printed, since the schema describes text."""
    if isinstance(value, dict):
        return {key: _instants_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_instants_as_text(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
