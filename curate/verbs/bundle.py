"""`curate report bundle` and `verify`: an audit and what it rests on, to hand over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import InputError
from curate.model.instants import print_instant
from curate.verbs.audit import audit, policy_text
from curate.verbs.report import report_inputs
from curate.version import TOOL
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.catalog.audits import Audited
    from curate.model.config import Config
    from curate.release.manifest import Manifest
    from curate.report.facts import Facts
    from curate.report.inputs import ReportInputs
    from curate.signing import SigningKey
    from curate.verbs.context import Context


@dataclass(frozen=True)
class BundleOrder:
    """What a bundle is to be.

    Attributes:
        use: The name of a use profile in `curate.toml`.
        as_of: The instant to judge at, by what was known then; now when None.
        key: Signs it; nothing does when None.
        tsa: A time-stamp authority to ask (see `curate.release.timestamp.authority`); nobody is
            asked when None.
    """

    use: str = DEFAULT_USE
    as_of: datetime | None = None
    key: SigningKey | None = None
    tsa: str | None = None


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written.

    Attributes:
        folder: Where.
        audited: The audit.
        manifest: The list of its files.
        pdf: Whether it holds a PDF: none where nothing here can print one.
    """

    folder: Path
    audited: Audited
    manifest: Manifest
    pdf: bool


def bundle(context: Context, folder: Path, order: BundleOrder | None = None) -> Bundled:
    """Judge every entry for a use, and write the audit with what it rests on into a folder.

    The same catalogue, settings, instant and key give the same bytes, but for a time stamp's.

    Args:
        context: The workspace.
        folder: Where; it must not be there, or be empty.
        order: What it is to be.

    Raises:
        InputError: The folder holds something, or the instant is still to come.
        UnknownNameError: There is no such use.
        VerificationError: The ledger is not what was recorded.
        DependencyError: The time-stamp authority does not answer, or refuses.
    """
    from curate.release.bundle.write import write_bundle
    from curate.release.timestamp import authority
    from curate.report.csv_tables import csv_tables
    from curate.report.facts import Facts
    from curate.report.pdf import can_print

    order = order or BundleOrder()
    if order.as_of is not None and order.as_of > context.clock():
        raise InputError(
            "this instant is still to come",
            where=print_instant(order.as_of),
            hint="name one that is past, or leave --as-of out",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("this folder holds something already", where=str(folder),
                         hint="name a new one")  # fmt: skip
    audited = audit(context, use=order.use, as_of=order.as_of)
    inputs = report_inputs(context, audited)
    facts, pdf = Facts(inputs), can_print()
    files = {**_documents(inputs, pdf=pdf), **_evidence(context, audited, inputs, facts)}
    said = {
        "project": inputs.project,
        "audit": inputs.audit,
        "use": audited.use.name,
        "as_of": print_instant(audited.as_of),
        "tool": TOOL,
        "counts": audited.counts(),
        "pdf": pdf,
    }
    manifest = write_bundle(
        folder, {**files, **csv_tables(facts)}, said, key=order.key,
        ask=authority(order.tsa) if order.tsa else None, authority=order.tsa or "",
    )  # fmt: skip
    return Bundled(folder, audited, manifest, pdf)


def _documents(inputs: ReportInputs, *, pdf: bool) -> dict[str, str | bytes]:
    from curate.release.bundle.check import FIGURES, PAGE, PDF
    from curate.report.audit_figures import audit_document, audit_figures
    from curate.report.audit_page import page_of
    from curate.report.pages import as_json
    from curate.report.pdf import pdf_of

    figures = audit_figures(inputs)
    page = page_of(inputs, figures)
    printed = {PDF: pdf_of(page, dated=inputs.as_of)} if pdf else {}
    return {PAGE: page, FIGURES: as_json(audit_document(inputs, figures)), **printed}


def _evidence(
    context: Context, audited: Audited, inputs: ReportInputs, facts: Facts
) -> dict[str, str]:
    """Return what the audit rests on: findings for tools, settings, rules, digests, ledger."""
    from curate.audit.rules import ALL_RULES, RULESET_VERSION
    from curate.catalog.heads import head_at
    from curate.release.bundle import contents
    from curate.report.pages import as_json

    head = head_at(context.ledger, audited.as_of)
    digests = contents.table_digests(inputs.tables)
    return {
        contents.SARIF: as_json(_sarif(audited, facts)),
        contents.SETTINGS: as_json(_settings(context, context.config)),
        contents.RULES: as_json(contents.rule_set(ALL_RULES, RULESET_VERSION)),
        contents.TABLES: as_json({**digests, "media_list": contents.media_list(facts)}),
        contents.TOOL_FILE: as_json(contents.tool_digest()),
        contents.CHECKPOINT: str(head.checkpoint),
        contents.PROOF: as_json(head.proof_json()),
    }


def _sarif(audited: Audited, facts: Facts) -> dict[str, Any]:
    from curate.audit.sarif import listed, sarif

    shown, _ = listed(audited.findings)
    facts.show("listed_findings", shown.select(["media_id"]))
    rows = facts.rows(
        "SELECT media_id, dataset, locator FROM entries SEMI JOIN listed_findings USING (media_id)"
    )
    places = {media: (dataset, locator) for media, dataset, locator in rows}
    return sarif(audited.findings, places, use=audited.use.name, as_of=audited.as_of)


def _settings(context: Context, config: Config) -> dict[str, Any]:
    """Return the settings that verdicts depend on, and those by which machines looked.

    Paths, keys and names of this machine are not among them.
    """
    from curate.release.bundle.contents import policy_sha256

    policy: Mapping[str, Any] = json.loads(policy_text(config))
    return {
        "policy_sha256": policy_sha256(policy),
        "policy": policy,
        "stages": {
            "faces.analyzer": config.analyzer, "faces.smallest": config.smallest_px,
            "dedup.radius": config.radius, "dedup.min_quality": config.min_quality,
            "dedup.turned": config.turned, "identity.false_match_rate": config.false_match_rate,
        },
        "source_required": config.source_required,
        "curate_toml_sha256": hashlib.sha256(context.workspace.config_text().encode()).hexdigest(),
    }  # fmt: skip
