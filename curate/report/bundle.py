"""The documents of a release: everything that lies beside its data, as texts by file name."""

from __future__ import annotations

from dataclasses import replace

from curate.report.accounts import consent_summary, processing_record, training_summary
from curate.report.card import card
from curate.report.croissant import croissant
from curate.report.datasheet.sheet import datasheet
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.pages import as_json
from curate.report.policy import policy
from curate.report.written import Written


def late_documents(inputs: ReportInputs, written: Written) -> dict[str, str]:
    """Return the documents of a release whose data were written, by file name.

    The same inputs give the same texts. No picture of a person is in any of them, because a
    document that left cannot be called back.

    Args:
        inputs: The audit, the tables, and the items of the release.
        written: The data as they were written.
    """
    manifest = written.facts
    inputs = replace(
        inputs,
        items=written.items,
        left_out=manifest.get("left_out", inputs.left_out),
        release=manifest,
    )
    sheet, facts = datasheet(inputs), Facts(inputs)
    return {
        "README.md": card(facts, written, sheet),
        "croissant.json": as_json(croissant(facts, written, sheet)),
        **sheet.files(),
        **accounts(inputs),
    }


def accounts(inputs: ReportInputs) -> dict[str, str]:
    """Return the policy and the accounts that law asks for, by file name."""
    facts = Facts(inputs)
    return {
        "policy.json": as_json(policy(facts)),
        "eu-training-summary.json": as_json(training_summary(facts)),
        "processing-record.json": as_json(processing_record(facts)),
        "consent-summary.json": as_json(consent_summary(facts)),
    }
