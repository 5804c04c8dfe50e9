"""What goes out by two audits: the one at an instant, and the present one."""

from __future__ import annotations

from itertools import product

import pyarrow as pa

from curate.verbs.release.order import least

RANKS = {"blocked": 0, "needs_review": 1, "cleared": 2}


def _verdicts(rows: dict[str, str], code: str) -> pa.Table:
    said = [{"media_id": media, "verdict": verdict, "codes": [] if verdict == "cleared" else [code]}
            for media, verdict in rows.items()]  # fmt: skip
    schema = pa.schema([("media_id", pa.string()), ("verdict", pa.string()),
                        ("codes", pa.list_(pa.string()))])  # fmt: skip
    return pa.Table.from_pylist(said, schema)


def test_of_two_verdicts_the_lesser_counts() -> None:
    """With the codes of then, so that they change with the clock only where what goes out does."""
    pairs = list(product(RANKS, RANKS))
    then = {f"{one}/{other}": one for one, other in pairs}
    now = {f"{one}/{other}": other for one, other in pairs}

    found = least(_verdicts(then, "THEN"), _verdicts(now, "NOW")).to_pylist()

    assert len(found) == len(pairs)
    for row in found:
        one, other = row["media_id"].split("/")
        assert row["verdict"] == min(one, other, key=RANKS.__getitem__)
        assert row["codes"] == ([] if (one, other) == ("cleared", "cleared") else
                                ["NOW"] if one == "cleared" else ["THEN"])  # fmt: skip


def test_what_one_audit_did_not_judge_is_not_cleared() -> None:
    """An entry that was not listed then, or is not any more."""
    then, now = {"a": "cleared", "b": "cleared"}, {"b": "cleared", "c": "cleared"}

    found = least(_verdicts(then, "THEN"), _verdicts(now, "NOW"))

    assert found["media_id"].to_pylist() == ["b"]
