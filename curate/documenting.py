"""Documents of a workspace: what is asked for by name, and what its authors say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.errors import ConfigError, InputError, UnknownNameError
from curate.model.authored import NAME, Authored, parse_authored
from curate.report.inputs import ReportInputs
from curate.workspace import Workspace

KINDS = ("audit", "pictures", "datasheet", "accounts")


@dataclass(frozen=True)
class About:
    """What a document is about.

    Attributes:
        use: The use whose last audit it is; any use's when None.
        release: A release, and the audit behind it; the catalogue when None.
    """

    use: str | None = None
    release: str | None = None


@dataclass(frozen=True)
class Released:
    """What is on record of a release.

    Attributes:
        audit_run_id: The audit behind it.
        items: Its items: ``media_id``, ``path``, ``sha256``, ``split``.
        left_out: Entries it left out, by reason.
    """

    audit_run_id: str
    items: pa.Table
    left_out: Mapping[str, int]


def released(catalog: Catalog, name: str) -> Released:
    """Return what is on record of the release called `name`.

    Raises:
        UnknownNameError: There is none.
    """
    rows = catalog.read("releases").to_pylist()
    row = next((row for row in rows if row["name"] == name), None)
    if row is None:
        known = ", ".join(sorted(row["name"] for row in rows)) or "none yet"
        raise UnknownNameError(f"no release is called {name!r}", hint=f"releases are: {known}")
    items = catalog.read("release_items")
    items = items.filter(pc.equal(items["release_id"], row["release_id"]))
    return Released(row["audit_run_id"], items, json.loads(row["left_out"] or "{}"))


def read_authored(place: Workspace) -> Authored:
    """Return what the authors say in `datasheet.toml`; nothing when there is no such file.

    Raises:
        ConfigError: It is not UTF-8 text, or does not say what it should.
    """
    path = place.root / NAME
    if not path.is_file():
        return Authored()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"byte {error.start} is not UTF-8 text",
            where=str(path),
            hint="save the file as UTF-8",
        ) from None
    return parse_authored(text, where=str(path))


def promised(place: Workspace) -> dict[str, bytes]:
    """Return the documents that the authors promise, by the path that each has in a release.

    What is promised at a web address stays there.

    Raises:
        ConfigError: `datasheet.toml` does not say what it should.
        InputError: A document is not there, or lies outside the workspace.
    """
    from curate.media.open import open_regular
    from curate.media.unreadable import UnreadableError
    from curate.release.shards import folder_names

    told = read_authored(place).documents
    names = folder_names(list(told))
    found = {}
    for name, path in sorted(told.items()):
        if path.startswith(("https://", "http://")):
            continue
        try:
            with (
                open_regular(place.root / path, root=place.root) as descriptor,
                open(descriptor, "rb", closefd=False) as file,
            ):
                found[f"documents/{names[name]}{Path(path).suffix.lower()}"] = file.read()
        except UnreadableError as error:
            raise InputError(
                f"{name} is promised at {path}, and cannot be read: {error.detail}",
                where=f"{NAME}: documents",
                hint="put it there, or set documents = false under [release] in curate.toml",
            ) from None
    return found


def documents(kind: str, inputs: ReportInputs) -> dict[str, str]:
    """Return the texts of a kind of document, by file name.

    Args:
        kind: One of `KINDS`.
        inputs: What they are made from.

    Raises:
        UnknownNameError: There is no such kind.
    """
    from curate.report.audit_page import audit_page
    from curate.report.bundle import accounts
    from curate.report.datasheet import datasheet

    if kind == "audit":
        return {"audit.html": audit_page(inputs)}
    if kind == "pictures":
        return {"audit-with-pictures.html": audit_page(inputs, pictures=True)}
    if kind == "datasheet":
        return datasheet(inputs).files()
    if kind == "accounts":
        return accounts(inputs)
    raise UnknownNameError(
        f"no document is called {kind!r}", hint=f"documents are: {', '.join(KINDS)}"
    )
