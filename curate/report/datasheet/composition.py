"""Answers on composition: what the entries are, how many, and what is wrong with them."""

from __future__ import annotations

from curate.report.consents import people_shown
from curate.report.datasheet.answer import Answer, answered, partly
from curate.report.datasheet.labels import truth_of_labels
from curate.report.facts import Facts
from curate.report.structure import stages_run
from curate.report.suppression import count_some, few
from curate.report.vocabulary import FIELDS, WORDS, word
from curate.report.words import Cell, Listing, listed, number, part_of

_ENTRIES = ("entry", "entries")
MAX_ROWS = 25


def listing(
    facts: Facts, caption: str, head: tuple[str, ...], sql: str, words: tuple[str, ...] = ()
) -> Listing | None:
    """Return a table from `sql`, bounded, or None when it is empty.

    Args:
        facts: The tables.
        caption: What the table shows.
        head: Its columns' names.
        sql: The query.
        words: For each column the vocabulary of its codes, or nothing.
    """
    rows = facts.rows(sql)
    more = max(0, len(rows) - MAX_ROWS)
    shown = tuple(in_words(row, words) for row in rows[:MAX_ROWS])
    return Listing(caption, head, shown, more) if rows else None


def in_words(row: tuple[Cell, ...], words: tuple[str, ...]) -> tuple[Cell, ...]:
    """Return a row with the codes of some columns in words."""
    return tuple(
        word(name, cell) if name and isinstance(cell, str) else cell
        for cell, name in zip(row, words or ("",) * len(row), strict=True)
    )


def instances(facts: Facts) -> Answer:
    """Question 5: what an instance is."""
    kinds = facts.rows("SELECT kind, count(*) AS n FROM described GROUP BY kind ORDER BY n DESC, 1")
    total = sum(n for _, n in kinds)
    said = listed([number(n, _KIND[kind], _KINDS[kind]) for kind, n in kinds])
    distinct = facts.count("SELECT count(DISTINCT sha256) FROM described")
    if not total:
        return answered("An instance is one media file that shows faces. There are no entries.")
    hold = "It holds" if total == 1 else "They hold"
    return answered(
        f"An instance is one media file that shows faces: {number(total, *_ENTRIES)} ({said}). "
        f"{hold} {number(distinct, 'distinct content')}, as SHA-256 tells them apart."
    )


_KIND = WORDS["media.kind"]
_KINDS = {"image": "pictures", "video": "videos", "unknown": "files of other kinds"}


# What entries are counted by, its query, and the vocabulary of its codes.
_TYPES = (
    (
        "kind",
        "media.kind",
        "SELECT kind, count(*) AS n FROM described GROUP BY 1 ORDER BY n DESC, 1",
    ),
    (
        "authenticity label",
        "",
        """
        SELECT coalesce(l.value, 'none'), count(*) AS n FROM described e
        LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
        GROUP BY 1 ORDER BY n DESC, 1""",
    ),
    (
        "manipulation",
        "media.manipulation_type",
        """
        SELECT manipulation_type, count(*) AS n FROM described
        GROUP BY 1 ORDER BY n DESC, 1""",
    ),
    (
        "method of manipulation",
        "",
        """
        SELECT method, count(*) AS n FROM described WHERE method IS NOT NULL
        GROUP BY 1 ORDER BY n DESC, 1""",
    ),
    (
        "split",
        "",
        """
        SELECT coalesce(split, 'none'), count(*) AS n FROM described
        GROUP BY 1 ORDER BY n DESC, 1""",
    ),
    ("dataset", "", "SELECT dataset, count(*) AS n FROM described GROUP BY 1 ORDER BY n DESC, 1"),
)


def counts(facts: Facts) -> Answer:
    """Question 6: how many instances of each type."""
    total = facts.count("SELECT count(*) FROM described")
    rows: list[tuple[str, str, int]] = []
    more = 0
    for what, words, sql in _TYPES:
        found = facts.rows(sql)
        rows += [(what, word(words, value) if words else value, n) for value, n in found[:MAX_ROWS]]
        more += max(0, len(found) - MAX_ROWS)
    table = Listing("Entries by type", ("By", "Value", "Entries"), tuple(rows), more)
    there = "There is" if total == 1 else "There are"
    entries = number(total, *_ENTRIES) if total else "no entries"
    return answered(f"{there} {entries} in all.", listings=[table])


def completeness(facts: Facts) -> Answer:
    """Question 7: complete or a sample."""
    authors = "Say which population the data stand for, and how far they represent it."
    known = facts.count("SELECT count(*) FROM entries")
    held = facts.count("SELECT count(*) FROM described")
    if not facts.is_release:
        rejected = facts.count("SELECT count(*) FROM rejections")
        lost = "Every row and file that was listed became an entry."
        if rejected:
            lost = f"{number(rejected, 'listed row or file', 'listed rows or files')} did not "
            lost += f"become {'an entry' if rejected == 1 else 'entries'}."
        whole = f"This is the whole catalogue: {number(known, *_ENTRIES)}."
        return partly(whole, lost, authors=authors)
    return partly(
        f"It is a selection: {held:,} of the {number(known, *_ENTRIES)} in the catalogue. "
        "Entries that were not cleared for the use are left out, and so are further copies of "
        "what is in the release.",
        authors=authors,
    )


def raw_or_features(facts: Facts) -> Answer:
    """Question 8: raw data or features."""
    formats = listing(facts, "Contents by format", ("Format", "Contents", "Median width (px)",
                      "Median height (px)"), """
        SELECT format, count(*) AS n, CAST(median(width) AS BIGINT), CAST(median(height) AS BIGINT)
        FROM held GROUP BY format ORDER BY n DESC, format""")  # fmt: skip
    size = facts.count("SELECT sum(byte_size) FROM held")
    together = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
    return answered(
        f"An instance is a media file. Together the files had {together} when they were received. "
        "Features of faces are not part of the data.",
        listings=[formats],
    )


# Question 13: documents that tell some of the answers have no numbers.
ON_ERRORS = "Which errors, noise and redundancies are known?"


def labels(facts: Facts) -> Answer:
    """Question 9: labels."""
    table = listing(facts, "Labels", ("Label", "Value", "Where it came from", "Entries"), """
        SELECT name, value, origin, count(*) AS n FROM labels
        WHERE media_id IN (SELECT media_id FROM described)
        GROUP BY name, value, origin ORDER BY name, n DESC, value, origin""",
        ("", "", "labels.origin", ""))  # fmt: skip
    if table is None:
        return answered("The entries carry no labels.")
    checked = "Whether the labels are true was not estimated."
    if "labels" in stages_run(facts):
        checked = f"Whether the labels are true is told in the datasheet's answer to “{ON_ERRORS}”"
    return answered(
        "A label states what an entry is, as the listing declares, as curate derived it or as "
        f"reviewers decided. {checked}",
        listings=[table],
    )


_FIELDS = ("split", "method", "source_id", "licence", "captured_at")


def missing(facts: Facts) -> Answer:
    """Question 10: what is missing."""
    total = facts.count("SELECT count(*) FROM described")
    if not total:
        return answered("There are no entries.")
    parts = ", ".join(f"count(*) - count({field})" for field in _FIELDS)
    absent = dict(zip(_FIELDS, facts.row(f"SELECT {parts} FROM described"), strict=True))
    absent["label"] = facts.count(
        "SELECT count(*) FROM described WHERE media_id NOT IN "
        "(SELECT media_id FROM labels WHERE name = 'authenticity')"
    )
    absent["people"] = facts.count(
        "SELECT count(*) FROM described WHERE media_id NOT IN (SELECT media_id FROM shown)"
    )
    rows = tuple((FIELDS[name], n, part_of(n, total)) for name, n in sorted(absent.items()) if n)
    if not rows:
        return answered("Every entry states its split, method, source, licence, time of capture, "
                        "label and people.")  # fmt: skip
    return answered(
        "Where the listing of an entry did not state a value, the field is empty. No value was "
        "filled in.",
        listings=[Listing("Fields that are empty", ("Field", "Entries", "Share"), rows)],
    )


def relations(facts: Facts) -> Answer:
    """Question 11: relations between instances."""
    table = listing(facts, "Relations", ("What is related", "How", "To what", "Pairs"), """
        SELECT left_kind, relation, right_kind, count(*) AS n FROM relations r
        WHERE (left_kind <> 'media' OR r."left" IN (SELECT media_id FROM described))
        AND (left_kind <> 'content' OR r."left" IN (SELECT sha256 FROM described))
        AND (right_kind <> 'media' OR r."right" IN (SELECT media_id FROM described))
        AND (right_kind <> 'content' OR r."right" IN (SELECT sha256 FROM described))
        GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3""",
        ("relations.left_kind", "relations.relation", "relations.right_kind", ""))  # fmt: skip
    text = "The datasheet counts the relations that are on record."
    if table is None:
        text = "No relation between the entries described here is on record."
    outside = facts.count("""
        SELECT count(*) FROM relations r
        WHERE ((left_kind = 'media' AND r."left" IN (SELECT media_id FROM described))
            OR (left_kind = 'content' AND r."left" IN (SELECT sha256 FROM described)))
        AND ((right_kind = 'media' AND r."right" NOT IN (SELECT media_id FROM described))
            OR (right_kind = 'content' AND r."right" NOT IN (SELECT sha256 FROM described)))""")
    if outside:
        lead = number(outside, "relation leads", "relations lead")
        text += f" {lead} to what is not described here."
    return answered(text, _origins(facts), _gathered(facts), listings=[table])


_DESCENT = ("derived_from", "frame_of", "crop_of", "swap_target", "swap_donor", "clip_of")


def _origins(facts: Facts) -> str:
    """Return of how many manipulated entries the originals are on record."""
    kinds = ", ".join(f"'{name}'" for name in _DESCENT)
    made, known = facts.row(f"""
        SELECT count(*), count(*) FILTER (media_id IN (
            SELECT "left" FROM relations WHERE left_kind = 'media' AND relation IN ({kinds})))
        FROM described WHERE manipulation_type NOT IN ('none', 'unknown')""")
    if not made:
        return "No entry is declared to be manipulated."
    are = "entry is" if made == 1 else "entries are"
    told = f"{made:,} {are} declared to be manipulated"
    if known == made:
        return f"{told}, and what each was made from is on record."
    if not known:
        return f"{told}. What {'it was' if made == 1 else 'they were'} made from is not on record."
    return f"{told}. What they were made from is on record for {known:,} of them only."


def _gathered(facts: Facts) -> str:
    """Return how many people the comparison of faces told apart in what is described."""
    found, faces = facts.row("""
        SELECT count(DISTINCT identity_id),
               count(DISTINCT face_id) FILTER (identity_id IS NOT NULL)
        FROM identities JOIN faces USING (face_id) JOIN held USING (sha256)""")
    if not found:
        return "Faces were not grouped by person."
    where = "this release" if facts.is_release else "the catalogue"
    return (
        f"Comparing faces grouped the {number(faces, 'face')} of {where} into "
        f"{few(found, 'identity', 'identities')}, each of which stands for one person."
    )


def splits(facts: Facts) -> Answer:
    """Question 12: splits."""
    table = listing(facts, "Entries by split", ("Split", "Entries"), """
        SELECT split, count(*) AS n FROM described WHERE split IS NOT NULL
        GROUP BY 1 ORDER BY n DESC, 1""")  # fmt: skip
    if table is None:
        return answered("No split is declared.")
    made = facts.inputs.assignment
    text = "The splits are those that the entries' listings declare."
    if made is not None:
        left = facts.count("SELECT count(*) FROM described WHERE split IS NULL")
        text = f"The splits are those of the assignment “{made}”, which `curate split` made"
        text += f"; {number(left, 'entry is', 'entries are')} in none of them." if left else "."
    people = facts.count("""
        SELECT count(*) FROM (
            SELECT subject_id FROM shown JOIN described USING (media_id)
            GROUP BY subject_id HAVING count(DISTINCT split) > 1)""")
    copies = facts.count("""
        SELECT count(*) FROM (
            SELECT coalesce(g.group_id, e.sha256) AS copy
            FROM described e LEFT JOIN groups g USING (sha256) WHERE e.sha256 IS NOT NULL
            GROUP BY copy HAVING count(DISTINCT split) > 1)""")
    if not people and not copies:
        apart = "No declared person and no copy is in more than one of them."
        return answered(text, apart, listings=[table])
    groups = number(copies, "group of copies", "groups of copies") if copies else "no copies"
    who = count_some(people, people_shown(facts))
    mixed = f"The splits overlap: {who} and {groups} are in more than one of them."
    return answered(text, mixed, listings=[table])


def errors(facts: Facts) -> Answer:
    """Question 13: errors, noise, redundancies."""
    same, near, conflicts = (
        facts.count(
            "SELECT count(DISTINCT media_id) FROM findings SEMI JOIN described USING (media_id) "
            "WHERE code = ?", code,
        ) for code in ("DUP001", "DUP002", "LAB001")
    )  # fmt: skip
    unreadable = facts.count("SELECT count(*) FROM described WHERE state = 'unreadable'")
    absent = facts.count("SELECT count(*) FROM described WHERE state IN ('missing', 'unseen')")
    rows = (
        ("share their bytes with another entry of the catalogue", same),
        ("look like another entry of the catalogue (near duplicates)", near),
        ("copies whose labels contradict one another", conflicts),
        ("files that cannot be read", unreadable),
        ("files that are missing or were not opened", absent),
    )
    searched = "Copies were searched by bytes, by pixels and by perceptual hash."
    if "dedup" not in stages_run(facts):
        searched = "Copies were searched by bytes only."
    table = Listing("Known errors and redundancies", ("What", "Entries"), rows)
    if "labels" not in stages_run(facts):
        unknown = "Whether labels are true was checked only where copies contradict one another."
        return answered(f"{searched} {unknown}", listings=[table])
    doubted = facts.count(
        "SELECT count(DISTINCT media_id) FROM findings SEMI JOIN described USING (media_id) "
        "WHERE code LIKE 'LAB%'"
    )
    said, listings = truth_of_labels(facts)
    return answered(
        f"{searched} {_doubted(doubted)}",
        *said,
        listings=[table, *listings],
    )


def _doubted(entries: int) -> str:
    if not entries:
        return "The rules on labels doubt the label of no entry."
    labels = "label" if entries == 1 else "labels"
    return f"The rules on labels doubt the {labels} of {number(entries, *_ENTRIES)}."


def dependencies(facts: Facts) -> Answer:
    """Question 14: outside resources."""
    if facts.is_release:
        return answered("It stands alone. Every file that the release lists is in it, and the "
                        "manifest states its SHA-256.")  # fmt: skip
    absent = facts.count("SELECT count(*) FROM described WHERE state <> 'present'")
    lacking = number(absent, "entry has", "entries have") if absent else "No entry has"
    return answered(
        "It depends on the media files, which the catalogue lists and does not hold. "
        f"{lacking} {'no readable file' if absent else 'a missing or unreadable file'}."
    )


def confidential(facts: Facts) -> Answer:
    """Question 15: confidential content."""
    table = listing(facts, "Sources by kind", ("Kind", "Sources", "Entries"), """
        SELECT kind, count(*), sum(entries)::BIGINT AS n FROM used_sources
        GROUP BY kind ORDER BY n DESC, kind""", ("sources.kind", "", ""))  # fmt: skip
    return partly(
        "Pictures of faces are personal data. The catalogue knows people by pseudonym only and "
        "holds no names or contacts.",
        authors="Say whether anything else is confidential, such as places or documents in view.",
        listings=[table],
    )


ANSWERS = {
    5: instances,
    6: counts,
    7: completeness,
    8: raw_or_features,
    9: labels,
    10: missing,
    11: relations,
    12: splits,
    13: errors,
    14: dependencies,
    15: confidential,
}
