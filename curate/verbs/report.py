"""`curate report`: documents on an audit or a release, and what their authors claim."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog.audits import Audited
from curate.catalog.record import Record
from curate.errors import ConfigError, InputError, UnknownNameError
from curate.files import write_whole
from curate.model.authored import NAME, Authored, parse_authored
from curate.report.inputs import ReportInputs
from curate.verbs.tables import facts
from curate.version import TOOL
from curate.workspace import Workspace

if TYPE_CHECKING:
    from curate.release.select import Selection
    from curate.report.lint import DocumentFinding
    from curate.verbs.context import Context

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


def report(
    context: Context, kind: str, about: About | None = None, *, pdf: bool = False
) -> list[Path]:
    """Write a document on the last audit or on a release, and return the files.

    Args:
        context: The workspace.
        kind: One of `KINDS`, or ``safety``, which is about no audit.
        about: What it is about; the last audit when None.
        pdf: Whether to print pages as PDF beside them.

    Raises:
        UnknownNameError: There is no such document or release.
        InputError: No audit has run yet.
        ConfigError: `datasheet.toml` does not say what it should.
        DependencyError: Nothing here can print a page.
    """
    from curate.report.csv_tables import csv_tables
    from curate.report.facts import Facts
    from curate.report.pdf import pdf_of

    if kind == "safety":
        found = _safety_report(context)
    else:
        inputs = _inputs_about(context, about)
        found = documents(kind, inputs)
    folder = context.workspace.reports
    written = [write_whole(folder / name, found[name]) for name in found]
    if kind == "audit":
        # They name files and people, and nothing in them is withheld: for their owner alone.
        written += [write_whole(folder / name, pieces, private=True)
                    for name, pieces in csv_tables(Facts(inputs)).items()]  # fmt: skip
    for name in [name for name in found if pdf and name.endswith(".html")]:
        place = (folder / name).with_suffix(".pdf")
        written.append(write_whole(place, pdf_of(found[name])))
    return written


def _safety_report(context: Context) -> dict[str, str]:
    from curate.report.safety import safety_report
    from curate.safety.report import figures, keyed

    place = context.workspace
    return safety_report(
        figures(place, context.catalog, context.ledger, context.clock()),
        project=context.project_name,
        tool=TOOL,
        name=lambda kind, name: keyed(place, kind, name),
    )


def lint_documents(context: Context, about: About | None = None) -> list[DocumentFinding]:
    """Return what the rules DOC find in what the authors claim.

    Args:
        context: The workspace.
        about: What it is held against; the last audit when None.

    Raises:
        InputError: No audit has run yet.
        ConfigError: `datasheet.toml` does not say what it should.
        UnknownNameError: It states a number of something that nobody counts, or there is no
            such release.
    """
    from curate.audit.waivers import held
    from curate.report.lint import lint

    inputs = _inputs_about(context, about)
    # What authors say of the dataset clears no entry: one person of the register answers for it.
    given = held(
        context.config.waivers, context.ledger.read("reviewers"), audience="internal",
        as_of=inputs.as_of,
    )  # fmt: skip
    waivers = [one.waiver for one in given.answered if one.people]
    return lint(inputs, context.workspace.root, waivers=waivers)


def report_inputs(
    context: Context, audited: Audited, selection: Selection | None = None
) -> ReportInputs:
    """Return what documents about an audit, or about a release of it, are made from."""
    read = facts(context, known_at=audited.as_of, assignment=audited.assignment)
    return inputs_of(context, read, audited, selection)


def inputs_of(
    context: Context,
    read: Mapping[str, pa.Table],
    audited: Audited,
    selection: Selection | None,
) -> ReportInputs:
    """Return what documents are made from, where the tables of the audit were read already."""
    catalog = context.catalog
    tables = {
        **read,
        "findings": audited.findings,
        "verdicts": audited.verdicts,
        "rejections": catalog.read("rejections"),
        "runs": catalog.read("runs"),
        "label_noise": catalog.read("label_noise"),
    }
    return ReportInputs(
        project=context.project_name,
        notice=context.config.notice,
        tool=TOOL,
        run_id=audited.run_id,
        use=audited.use,
        as_of=audited.as_of,
        tables=tables,
        items=None if selection is None else selection.items,
        left_out={} if selection is None else selection.left_out,
        authored=read_authored(context.workspace),
        assignment=audited.assignment,
    )


def _inputs_about(context: Context, about: About | None) -> ReportInputs:
    about = about or About()
    if about.release is None:
        return report_inputs(context, context.latest_audit(use=about.use))
    out = released(context.record, about.release)
    audited = context.latest_audit(run_id=out.audit_run_id)
    return replace(report_inputs(context, audited), items=out.items, left_out=out.left_out)


def released(record: Record, name: str) -> Released:
    """Return what is on record of the release called `name`.

    Raises:
        UnknownNameError: There is none.
    """
    row = record.release(name)
    return Released(row["audit_run_id"], record.items([row]), json.loads(row["left_out"] or "{}"))


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
    from curate.report.audit_figures import audit_document, audit_figures
    from curate.report.audit_page import audit_page, page_of
    from curate.report.bundle import accounts
    from curate.report.datasheet.sheet import datasheet
    from curate.report.pages import as_json

    if kind == "audit":
        figures = audit_figures(inputs)
        return {
            "audit.html": page_of(inputs, figures),
            "audit.json": as_json(audit_document(inputs, figures)),
        }
    if kind == "pictures":
        return {"audit-with-pictures.html": audit_page(inputs, pictures=True)}
    if kind == "datasheet":
        return datasheet(inputs).files()
    if kind == "accounts":
        return accounts(inputs)
    raise UnknownNameError(
        f"no document is called {kind!r}", hint=f"documents are: {', '.join(KINDS)}"
    )
