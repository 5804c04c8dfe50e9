"""What a rule that found nothing is worth: on how many entries it could have found something.

A rule looks at what a stage or a declaration left. Where that is missing it finds nothing, and
nothing follows from it. So rules without findings are told apart: those that every entry they are
about was tested for; those for which something was missing; and those that are about none of the
entries, or were left out of the audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curate.audit.rule import FAMILIES, Rule
from curate.report.facts import Facts
from curate.report.words import Listing
from curate.splits.kinds import KINDS
from curate.splits.lint import Lint

_OF_PRESENT = "FROM judged e WHERE e.state = 'present'"
_OF_PICTURES = """
FROM judged e JOIN content c USING (sha256) WHERE e.state = 'present' AND c.kind = 'image'
"""
_SCANNED = """
e.sha256 IN (
    SELECT s.sha256 FROM face_scans s
    JOIN stages g ON g.stage = 'faces' AND g.mark = s.stage AND g.model_id = s.model_id
    GROUP BY s.sha256 HAVING bool_and(s.error IS NULL)
)
"""
_RAN = "EXISTS (SELECT 1 FROM runs WHERE verb = 'run {stage}' AND status = 'done')"


@dataclass(frozen=True)
class Evidence:
    """What rules look at.

    Attributes:
        about: SQL from ``FROM`` on: the entries that it can be about, as ``e``.
        there: SQL that is true of an entry for which it is there.
        none: Why it is about no entry, in words.
        missing: What is missing of an entry without it, in words.
    """

    about: str
    there: str
    none: str
    missing: str


_FACES = Evidence(
    _OF_PRESENT, _SCANNED, "no file is there",
    "faces were not sought in the file by the model in use, or the search failed",
)  # fmt: skip
EVIDENCE = {
    "list": Evidence("FROM judged e", "TRUE", "no entry was judged", ""),
    "file": Evidence(
        _OF_PRESENT, "e.sha256 IN (SELECT sha256 FROM content)", "no file is there",
        "the file was not opened and read (`curate run probe`)",
    ),
    "faces": _FACES,
    "names": Evidence(
        f"{_OF_PRESENT} AND (e.sha256 IN (SELECT sha256 FROM faces) OR NOT {_SCANNED})",
        f"""{_SCANNED} AND e.sha256 NOT IN (
            SELECT f.sha256 FROM faces f LEFT JOIN identities i USING (face_id)
            WHERE i.held IS DISTINCT FROM TRUE
        ) AND NOT EXISTS (FROM uncompared)""",
        "no face was found",
        "faces were not sought there, or were not compared with those of other people "
        "(`curate run identity`)",
    ),
    "look": Evidence(
        _OF_PICTURES,
        "e.sha256 IN (SELECT sha256 FROM compared UNION ALL SELECT sha256 FROM groups)",
        "no picture is there",
        "the picture was not compared with others (`curate run dedup`)",
    ),
    "footage": Evidence(
        "FROM judged e JOIN content c USING (sha256) "
        "WHERE e.state = 'present' AND c.kind = 'video'",
        f"c.frames_read IS NOT NULL AND {_RAN.format(stage='dedup')}",
        "no video is there",
        "the video was not compared with others (`curate run dedup`)",
    ),
    "statements": Evidence(
        _OF_PRESENT,
        """e.sha256 IN (
            SELECT s.sha256 FROM signal_scans s JOIN stages g ON g.stage = 'signals'
            AND g.mark = s.stage WHERE s.error IS NULL
        )""",
        "no file is there",
        "the file was not searched for statements, or the search failed (`curate run signals`)",
    ),
    "hash list": Evidence(
        f"{_OF_PRESENT} AND EXISTS (FROM hash_lists)",
        "e.sha256 IN (SELECT sha256 FROM hash_checks WHERE checked)",
        "no hash list is registered, or no file is there",
        "the file was not held against the lists (`curate run hashlists`)",
    ),
    "people": Evidence(
        "FROM judged e WHERE e.media_id IN "
        "(SELECT media_id FROM depictions WHERE link_status <> 'rejected')",
        "TRUE", "no entry names a person", "",
    ),
    "labels": Evidence(
        "FROM judged e",
        "e.media_id IN (SELECT media_id FROM labels WHERE name = 'authenticity')",
        "no entry was judged", "the entry has no label real or fake",
    ),
    **{
        name: Evidence(
            "FROM judged e WHERE e.media_id IN "
            "(SELECT media_id FROM labels WHERE name = 'authenticity')",
            f"EXISTS ({made})",
            "no entry has a label real or fake",
            f"{what}: too few files of each label, or `curate run labels` did not run",
        )
        for name, made, what in (
            ("shortcuts", "FROM shortcuts WHERE target = 'authenticity'",
             "whether anything but faces tells labels apart was not tested"),
            ("methods", "FROM shortcuts WHERE target = 'method'",
             "whether anything but faces tells methods apart was not tested"),
            ("looks of labels", "FROM label_noise",
             "labels were not held against what files look like"),
        )
    },
    "parents": Evidence(
        "FROM judged e WHERE e.media_id IN (SELECT \"left\" FROM relations "
        "WHERE relation IN ('derived_from', 'crop_of', 'frame_of') AND left_kind = 'media')",
        "TRUE", "of no entry it is declared what it was made from", "",
    ),
    "manipulation": Evidence(
        "FROM judged e WHERE e.manipulation_type <> 'none'",
        "e.manipulation_type NOT IN ('unknown', 'other')",
        "no entry is declared to be manipulated",
        "it is not declared what was done",
    ),
    "source": Evidence(
        "FROM judged e", "e.source_id IS NOT NULL", "no entry was judged",
        "the entry names no source",
    ),
    "splits": Evidence(
        "FROM judged e WHERE e.split IS NOT NULL", "TRUE", "no entry is in a split", "",
    ),
}  # fmt: skip

# What the rules of a family look at, and those that look at something else.
_OF_FAMILY = {
    "CON": "people",
    "DEP": "people",
    "DUP": "look",
    "HSH": "hash list",
    "IDN": "names",
    "LAB": "labels",
    "MED": "file",
    "SHC": "shortcuts",
    "SIG": "statements",
    "SPL": "splits",
    "SRC": "source",
}
_OF_RULE = {
    **dict.fromkeys(("CON038", "CON039", "CON040"), "list"),
    **dict.fromkeys(("DEP001", "DEP008"), "faces"),
    **dict.fromkeys(("DEP002", "DEP003", "DEP006"), "list"),
    **dict.fromkeys(("DEP004", "DEP013"), "names"),
    "DEP005": "manipulation",
    **dict.fromkeys(("DEP011", "DEP012"), "parents"),
    "DUP001": "file",
    "DUP004": "footage",
    **dict.fromkeys(("HSH004", "HSH006"), "list"),
    "LAB001": "look",
    "LAB002": "statements",
    "LAB004": "manipulation",
    **dict.fromkeys(("LAB005", "LAB006"), "faces"),
    "LAB008": "names",
    "LAB009": "looks of labels",
    **dict.fromkeys(("MED002", "MED003", "MED011", "MED012"), "list"),
    "MED006": "look",
    "MED009": "footage",
    "SHC002": "methods",
    "SIG017": "list",
    **dict.fromkeys(("SPL011", "SPL012", "SPL014"), "labels"),
    **dict.fromkeys(("SRC004", "SRC009", "SRC010", "SRC011"), "list"),
}


def evidence_of(rule: Rule) -> Evidence:
    """Return what a rule looks at.

    Raises:
        KeyError: Nobody said it of the rule's family.
    """
    return EVIDENCE[_OF_RULE.get(rule.code) or _OF_FAMILY[rule.family]]


@dataclass(frozen=True)
class Reach:
    """On how many entries a rule without findings was tested.

    Attributes:
        rule: The rule.
        about: How many entries it can be about.
        tested: Of how many of them what it looks at was there.
        why: Why it was tested on fewer, or on none; empty where it was tested on all.
    """

    rule: Rule
    about: int
    tested: int
    why: str


def reach_of(facts: Facts, rules: Iterable[Rule], leaks: Lint) -> list[Reach]:
    """Return on how many entries each of some rules was tested.

    Args:
        facts: The audit's tables.
        rules: Rules that were applied and found nothing.
        leaks: The lint of the splits: of how many entries each kind of tie is known.
    """
    counts: dict[Evidence, tuple[int, int]] = {}
    found = []
    for rule in rules:
        looked = evidence_of(rule)
        if looked not in counts:
            counts[looked] = facts.row(
                f"SELECT count(*), count(*) FILTER ({looked.there}) {looked.about}"
            )
        about, there = counts[looked]
        why = looked.none if not about else looked.missing if there < about else ""
        ties = [kind for kind in KINDS if kind.rule == rule.code]
        if ties and about:
            there = min(about, *(leaks.known(kind.name) for kind in ties))
            why = "not known of each entry: " + ", ".join(kind.needs for kind in ties)
            why = why if there < about else ""
        found.append(Reach(rule, about, there, why.replace("`", "")))
    return found


def quiet_rules(found: Iterable[Reach], left_out: Iterable[Rule]) -> tuple[Listing, ...]:
    """Return rules without findings as three tables: found nothing, not tested, not applied.

    Args:
        found: What `reach_of` gives.
        left_out: Rules that the audit did not apply.
    """
    rows = list(found)
    clean = [one for one in rows if one.about and not one.why]
    short = [one for one in rows if one.about and one.why]
    none = [(one.rule, one.why) for one in rows if not one.about]
    none += [(rule, "it was left out of the audit") for rule in left_out]

    def cells(rule: Rule) -> tuple[str, str]:
        return FAMILIES.get(rule.family, rule.family), f"{rule.code} {rule.symbol}"

    return (
        Listing(
            "Rules that found nothing, tested on every entry that they are about",
            ("About", "Rule", "Entries tested"),
            tuple((*cells(one.rule), one.tested) for one in clean),
        ),
        Listing(
            "Rules that found nothing, and were not tested on every entry that they are about",
            ("About", "Rule", "Entries tested", "Entries in all", "What was missing of the rest"),
            tuple((*cells(one.rule), one.tested, one.about, one.why) for one in short),
        ),
        Listing(
            "Rules that were not applied",
            ("About", "Rule", "Why"),
            tuple((*cells(rule), why) for rule, why in none),
        ),
    )
