"""What question 13 says of labels: how many are estimated to be wrong, and what tells them."""

from __future__ import annotations

from curate.report.facts import Facts
from curate.report.words import Listing, number, share

_MOST_ROWS = 25
_BEFORE = " What was estimated is of the whole catalogue, of which the release is a part."


def truth_of_labels(facts: Facts) -> tuple[tuple[str, ...], tuple[Listing, ...]]:
    """Return paragraphs and tables on wrong labels and on shortcuts, where the stage ran."""
    noise, wrong = _noise(facts)
    told, shortcuts = _shortcuts(facts)
    estimated = wrong.rows or facts.count("SELECT count(*) FROM shortcuts WHERE exchangeable")
    before = _BEFORE if facts.is_release and estimated else ""
    return (noise, told + before), (wrong, shortcuts)


def _noise(facts: Facts) -> tuple[str, Listing]:
    rows = facts.rows("""
        SELECT kind, name, items, wrong, low, high
        FROM label_noise WHERE wrong IS NOT NULL ORDER BY kind, name""")
    cells = tuple(
        (kind, name, items, share(wrong), f"{share(low)} to {share(high)}")
        for kind, name, items, wrong, low, high in rows
    )
    head = ("Of", "Value", "Entries", "Estimated wrong", "95 % interval")
    table = Listing("Labels estimated to be wrong", head, cells[:_MOST_ROWS],
                    max(0, len(rows) - _MOST_ROWS))  # fmt: skip
    if not rows:
        return (
            "How many labels are wrong could not be estimated, because there are too few entries "
            "or people or because the scores do not separate the labels."
        ), table
    (held,) = facts.row("SELECT string_agg(DISTINCT held_together, '; ') FROM label_noise")
    none = (" An estimate of 0 % does not show that every label is right."
            if any(not row[3] for row in rows) else "")  # fmt: skip
    return ("How many labels are wrong was estimated by confident learning (Northcutt and others, "
            f"2021). The intervals come from drawing entries again, grouped by {held}."
            f"{none}"), table  # fmt: skip


def _shortcuts(facts: Facts) -> tuple[str, Listing]:
    tested = facts.count("SELECT count(*) FROM shortcuts WHERE exchangeable")
    rows = facts.rows("""
        SELECT CASE target WHEN 'method' THEN 'method' ELSE 'label' END, feature,
               printf('%.3f', auc), printf('%.3f', p_adjusted), match_loses, plan
        FROM shortcuts WHERE flagged ORDER BY target, rank""")
    head = ("Predicts", "Property", "Area under the curve", "Adjusted p",
            "Entries that a matched subset leaves out", "Other remedy")  # fmt: skip
    table = Listing("Shortcuts", head, tuple(rows[:_MOST_ROWS]), max(0, len(rows) - _MOST_ROWS))
    if not tested:
        return ("Whether a label can be predicted from properties that should not matter, such as "
                "encoder, size or source, could not be tested."), table  # fmt: skip
    if not rows:
        return ("No property that should not matter, such as encoder, size or source, was found "
                "to predict the labels."), table  # fmt: skip
    were = number(len(rows), "property that should not matter was",
                  "properties that should not matter were")  # fmt: skip
    return (f"{were} found to predict the labels. The datasheet lists each with a "
            "remedy."), table  # fmt: skip
