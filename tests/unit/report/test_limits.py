import pytest

from curate.audit.rules import ALL_RULES
from curate.report.facts import Facts
from curate.report.limits import limits
from tests.unit.report.conftest import content, entry, make_inputs, run, verdict

ALL = [rule.code for rule in ALL_RULES]


def gaps(inputs, rules=ALL) -> tuple[str, ...]:
    return limits(Facts(inputs), rules).gaps


def test_files_and_stages_that_lack_are_told(small) -> None:
    assert gaps(small) == (
        (
            "Stages that did not run: signals (no opt-out and no provenance was read), faces (no "
            "face was searched) and identity (faces were not compared with one another)."
        ),
        "No hash list is registered: nothing was held against hashes of known abuse.",
        "Files that nobody could look at: 1 missing and 1 unreadable.",
        "Readable, and not searched for faces: 1 entry.",
        "With no source on record: 1 entry.",
    )


def test_rules_that_were_not_applied_are_told(small) -> None:
    assert gaps(small, ALL[1:])[0] == f"Rules that were not applied: {ALL[0]}."


@pytest.mark.parametrize(
    ("entries", "verdicts", "words"),
    [
        ([1, 2], [1], "Listed after this audit, and not judged: 1 entry."),
        ([1], [1, 2], "Judged, and no longer listed: 1 entry."),
    ],
)
def test_what_changed_since_the_audit_is_told(entries, verdicts, words) -> None:
    inputs = make_inputs(
        entries=[entry(n) for n in entries], verdicts=[verdict(n, "cleared") for n in verdicts]
    )
    assert words in gaps(inputs)


def test_videos_whose_frames_nobody_saw_are_told() -> None:
    row = entry(1, kind="video")
    inputs = make_inputs(entries=[row], content=[content(row)], verdicts=[verdict(1, "cleared")])
    assert "Of 1 video, none of their frames were searched for faces." in gaps(inputs)


def test_contents_too_flat_for_a_hash_are_told() -> None:
    row = entry(1)
    inputs = make_inputs(
        entries=[row],
        content=[content(row) | {"pdq_quality": 3}],
        runs=[run("run dedup", 1, parameters={"min_quality": 50})],
    )
    assert any(text.startswith("1 content show too little structure") for text in gaps(inputs))


def test_a_rule_that_judges_a_reason_silences_its_sentence(small) -> None:
    words = "No list of hashes of known abuse was matched."
    without = [code for code in ALL if not code.startswith("HSH")]
    assert words in limits(Facts(small), without).unjudged
    assert limits(Facts(small), ALL).unjudged == ()


def test_the_method_has_limits_whatever_the_data() -> None:
    assert limits(Facts(make_inputs()), ALL).always
