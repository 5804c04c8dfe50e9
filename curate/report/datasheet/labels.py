"""What question 13 says of labels: how many are estimated to be wrong, and what tells them."""

from __future__ import annotations

from curate.report.facts import Facts
from curate.report.words import Listing, number

_MOST_ROWS = 25
_BEFORE = " Both were estimated on the whole catalogue, of which the release is a part."


def truth_of_labels(facts: Facts) -> tuple[tuple[str, ...], tuple[Listing, ...]]:
    """Return paragraphs and tables on wrong labels and on shortcuts, where the stage ran."""
    noise, wrong = _noise(facts)
    told, shortcuts = _shortcuts(facts)
    return (noise, told + (_BEFORE if facts.is_release else "")), (wrong, shortcuts)


def _noise(facts: Facts) -> tuple[str, Listing]:
    rows = facts.rows("""
        SELECT kind, name, items, printf('%.1f %%', 100 * wrong),
               printf('%.1f to %.1f %%', 100 * low, 100 * high)
        FROM label_noise WHERE wrong IS NOT NULL ORDER BY kind, name""")
    head = ("Of", "Value", "Entries", "Estimated wrong", "95 of 100 draws")
    table = Listing("Labels estimated to be wrong", head, tuple(rows[:_MOST_ROWS]),
                    max(0, len(rows) - _MOST_ROWS))  # fmt: skip
    if not rows:
        return ("How many labels are wrong could not be estimated: there are too few entries or "
                "people, or the scores do not tell labels apart."), table  # fmt: skip
    (held,) = facts.row("SELECT string_agg(DISTINCT held_together, '; ') FROM label_noise")
    return ("How many labels are wrong was estimated by confident learning (Northcutt and others, "
            f"2021). Intervals are over draws of groups: {held}."), table  # fmt: skip


def _shortcuts(facts: Facts) -> tuple[str, Listing]:
    tested = facts.count("SELECT count(*) FROM shortcuts WHERE exchangeable")
    rows = facts.rows("""
        SELECT CASE target WHEN 'method' THEN 'method' ELSE 'label' END, feature,
               printf('%.3f', auc), printf('%.3f', p_adjusted), match_loses, plan
        FROM shortcuts WHERE flagged ORDER BY target, rank""")
    head = ("Tells", "Feature", "Area", "p", "Matched subset leaves out", "Or")
    table = Listing("Shortcuts", head, tuple(rows[:_MOST_ROWS]), max(0, len(rows) - _MOST_ROWS))
    if not tested:
        return "Whether labels can be told from what should not matter could not be tested.", table
    if not rows:
        return ("Nothing that should not matter, such as encoder, size or source, was found to "
                "tell the labels."), table  # fmt: skip
    return (f"Labels can be told from what should not matter: {number(len(rows), 'shortcut')}, "
            "each with what takes it away."), table  # fmt: skip
