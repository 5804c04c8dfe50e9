"""Accounts: counts that agree with the datasheet, nobody named, small counts withheld."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from curate.model.authored import Authored
from curate.report.accounts import consent_summary, processing_record, training_summary
from curate.report.bundle import late_documents
from curate.report.facts import Facts
from curate.report.policy import policy
from tests.unit.report.conftest import make_inputs
from tests.unit.report.datasheet.test_sheet import crowd

NAMES = ("policy.json", "eu-training-summary.json", "processing-record.json",
         "consent-summary.json")  # fmt: skip


def told(laid, name) -> dict[str, Any]:
    return json.loads(late_documents(laid.inputs, laid.written)[name])


@pytest.mark.parametrize("name", NAMES)
def test_names_nobody_and_no_file(laid, name) -> None:
    text = json.dumps(told(laid, name))
    assert not any(f'"p{n}' in text for n in range(1, 9))
    assert "001.jpg" not in text


def test_people_are_counted_by_their_state(laid) -> None:
    summary = told(laid, "consent-summary.json")
    assert summary["curate:people"] == 6
    assert summary["curate:byConsentStatus"] == [
        {"dpv:hasConsentStatus": "dpv:ConsentGiven", "curate:people": 6}
    ]
    assert {"curate:granted": "curate:train-detector", "curate:people": 6,
            "curate:kind": "purpose"} in summary["curate:byGrant"]  # fmt: skip


def test_small_counts_are_withheld() -> None:
    states = ["ConsentGiven"] * 20 + ["ConsentRefused"] * 7 + ["ConsentWithdrawn"] * 2
    summary = consent_summary(Facts(crowd(states)))
    withheld = {
        one["dpv:hasConsentStatus"]: one.get("curate:withheld")
        for one in summary["curate:byConsentStatus"]
    }
    assert withheld == {
        "dpv:ConsentGiven": None,
        "dpv:ConsentRefused": "withheld",
        "dpv:ConsentWithdrawn": "fewer than 5",
    }


def test_a_small_crowd_is_not_counted_out() -> None:
    assert consent_summary(Facts(crowd(["ConsentGiven"] * 3)))["curate:people"] is None


def test_what_the_record_of_processing_lacks_is_listed(small) -> None:
    record = processing_record(Facts(small))
    assert record["open"] == [
        "controller", "contact", "data_protection_officer", "security", "impact_assessment",
    ]  # fmt: skip
    about = {"controller": "Lab", "contact": "a@b", "security": "x", "impact_assessment": "y",
             "data_protection_officer": "z"}  # fmt: skip
    assert processing_record(Facts(replace(small, authored=Authored(about=about))))["open"] == []


def test_sources_stand_in_the_part_of_their_kind(laid) -> None:
    summary = told(laid, "eu-training-summary.json")
    sources = summary["list_of_data_sources"]
    assert [one["name"] for one in sources["other_sources"]] == ["studio"]
    assert sources["other_sources"][0]["items"] == 6
    assert sources["crawled_and_scraped"] == []
    assert summary["general_information"]["modalities"][0]["items"] == 6


def test_an_entry_without_a_source_is_counted(small) -> None:
    sources = training_summary(Facts(small))["list_of_data_sources"]
    assert sources["items_without_a_source_on_record"] == 1


def test_policy_offers_the_use_and_nothing_else(laid) -> None:
    offer = told(laid, "policy.json")["offer"]
    (allowed,) = offer["odrl:permission"]
    assert allowed["odrl:constraint"][0]["odrl:rightOperand"] == {"@id": "curate:train-detector"}
    refused = [one["odrl:action"]["@id"] for one in offer["odrl:prohibition"]]
    assert refused == ["curate:reidentify", "curate:impersonate", "odrl:commercialize",
                       "odrl:distribute"]  # fmt: skip


def test_policy_follows_the_use(small) -> None:
    use = replace(small.use, commercial=True, audience="public", recipient_territories=("DE",),
                  ends_at=small.as_of)  # fmt: skip
    told = policy(Facts(replace(small, use=use)))
    refused = [one["odrl:action"]["@id"] for one in told["offer"]["odrl:prohibition"]]
    assert refused == ["curate:reidentify", "curate:impersonate"]
    assert told["duo"] == ["DUO_0000022", "DUO_0000025", "DUO_0000027"]
    assert told["rules"]


def test_what_files_say_of_training_is_counted(small) -> None:
    digests = [row["sha256"] for row in small.tables["content"].to_pylist()]
    asked = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    scans = [
        {"sha256": digest, "c2pa_state": "none", "tool": "t", "stage": "signals/1",
         **{f"optout_{name}": "prohibited" if n else "none" for name in asked}}
        for n, digest in enumerate(digests[:5])
    ]  # fmt: skip
    tables = {
        **small.tables,
        "signal_scans": make_inputs(signal_scans=scans).tables["signal_scans"],
    }
    summary = training_summary(Facts(replace(small, tables=tables)))
    told = summary["data_processing_aspects"]["reservation_of_rights"]
    assert told["machine_readable_statements"]["contents"]["ai_training"] == {
        "prohibited": 4, "none": 1,
    }  # fmt: skip
    assert told["machine_readable_statements"]["contents_not_read"] == len(digests) - 5
