"""Rules SHC: labels that can be told from what should not matter.

A shortcut is a fault of the dataset and of no entry alone, so it lowers no verdict. It is told of
the entries that the matched subset leaves out: without them the feature tells nothing.
"""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

_EXPLANATION = (
    "A detector learns whatever tells {what} apart, and an encoder's settings are easier to learn "
    "than a manipulation. The feature tells the label of people and clips it has not seen, "
    "labels counted alike whatever their number, and not by chance: labels exchanged among whole "
    "people and clips do not give as much, all features taken together. Named are the entries "
    "to leave out so that it tells nothing; docs/labels.md says how all is computed."
)
_REMEDY = (
    "Make all files alike in the feature, as the finding says, or leave the named entries out."
)


def _query(target: str) -> str:
    return f"""
        SELECT e.media_id, s.feature, round(s.auc, 3) AS auc, s.plan,
               s.match_loses AS leaves_out, s.items
        FROM shortcut_drops d
        JOIN shortcuts s ON s.target = d.target AND s.feature = d.feature AND s.flagged
        JOIN entries e ON e.id = d.media_id
        WHERE d.target = '{target}'
    """


_MESSAGE = (
    "{feature} tells the %s with an area of {auc}; leaving out {leaves_out} of {items} entries, "
    "this one among them, takes it away; or: {plan}"
)

LABEL_SHORTCUT = Rule(
    code="SHC001",
    symbol="label-shortcut",
    title="Real and fake can be told apart by what should not matter.",
    effect=Effect.NONE,
    basis="Geirhos and others: Shortcut learning (Nature Machine Intelligence 2, 2020)",
    message=_MESSAGE % "label",
    explanation=_EXPLANATION.format(what="real from fake"),
    remedy=_REMEDY,
    query=_query("authenticity"),
)

METHOD_SHORTCUT = Rule(
    code="SHC002",
    symbol="method-shortcut",
    title="Methods of manipulation can be told apart by what should not matter.",
    effect=Effect.NONE,
    basis="Geirhos and others: Shortcut learning (Nature Machine Intelligence 2, 2020)",
    message=_MESSAGE % "method",
    explanation=_EXPLANATION.format(what="methods"),
    remedy=_REMEDY,
    query=_query("method"),
)

RULES = (LABEL_SHORTCUT, METHOD_SHORTCUT)
