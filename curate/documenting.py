"""Documents of a workspace: what is asked for by name, and what its authors say."""

from __future__ import annotations

from curate.errors import ConfigError, UnknownNameError
from curate.model.authored import NAME, Authored, parse_authored
from curate.report.inputs import ReportInputs
from curate.workspace import Workspace

KINDS = ("audit", "datasheet", "accounts")


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
    if kind == "datasheet":
        return datasheet(inputs).files()
    if kind == "accounts":
        return accounts(inputs)
    raise UnknownNameError(
        f"no document is called {kind!r}", hint=f"documents are: {', '.join(KINDS)}"
    )
