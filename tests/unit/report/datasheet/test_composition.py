from dataclasses import replace

from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.composition import (
    ON_ERRORS,
    counts,
    errors,
    missing,
    relations,
    splits,
)
from curate.report.datasheet.sheet import questions
from curate.report.facts import Facts
from tests import factories
from tests.unit.report.conftest import content, entry, finding, make_inputs, run, verdict


def depicted(number, subject) -> dict[str, str]:
    return {"media_id": f"m{number:03}", "subject_id": subject, "role": "depicted",
            "link_method": "declared", "link_status": "confirmed"}  # fmt: skip


def test_entries_are_counted_by_type(small) -> None:
    (table,) = counts(Facts(small)).listings
    assert {("split", "train", 8), ("split", "test", 1), ("split", "none", 1)} <= set(table.rows)
    assert ("authenticity label", "real", 8) in table.rows


def test_what_entries_lack_is_counted(small) -> None:
    (table,) = missing(Facts(small)).listings
    told = {name: n for name, n, _ in table.rows}
    assert told["time of capture"] == 10
    assert told["label"] == 2
    assert told["people shown"] == 2
    assert told["split"] == 1


def test_entries_that_lack_nothing_say_so(small) -> None:
    row = entry(1, method="none", licence="x", captured_at=small.as_of)
    label = {"media_id": "m001", "name": "authenticity", "value": "real", "origin": "declared"}
    inputs = make_inputs(entries=[row], labels=[label], depictions=[depicted(1, "a")])
    assert missing(Facts(inputs)).listings == ()


def test_splits_that_share_people_or_copies_say_so() -> None:
    rows = [entry(1, split="train"), entry(2, split="test", sha256=f"{1:064x}")]
    inputs = make_inputs(entries=rows, depictions=[depicted(1, "a"), depicted(2, "a")])
    assert splits(Facts(inputs)).text[1] == (
        "The splits overlap: fewer than 5 people and 1 group of copies are in more than one of "
        "them."
    )


def test_splits_of_an_assignment_are_called_by_its_name() -> None:
    """An audit that judged by an assignment says nothing of what listings declare."""
    rows = [entry(1, split="fold-0"), entry(2, split="fold-1"), entry(3, split=None)]
    inputs = replace(make_inputs(entries=rows), assignment="folds")

    (said, _) = splits(Facts(inputs)).text

    assert said == (
        "The splits are those of the assignment “folds”, which `curate split` made; "
        "1 entry is in none of them."
    )


def test_splits_that_share_nothing_say_so() -> None:
    rows = [entry(1, split="train"), entry(2, split="test")]
    inputs = make_inputs(entries=rows, depictions=[depicted(1, "a"), depicted(2, "b")])
    assert "No declared person and no copy" in splits(Facts(inputs)).text[1]


def test_copies_that_nobody_searched_are_not_denied() -> None:
    assert errors(Facts(make_inputs())).text[0].startswith("Copies were searched by bytes only.")
    searched = errors(Facts(make_inputs(runs=[run("run dedup", 1)]))).text[0]
    assert "perceptual hash" in searched


def test_errors_are_those_found(small) -> None:
    (table,) = errors(Facts(small)).listings
    told = dict(table.rows)
    assert told["share their bytes with another entry of the catalogue"] == 1
    assert told["files that cannot be read"] == 1


def test_relations_to_entries_outside_a_release_are_not_counted() -> None:
    rows = [entry(1), entry(2)]
    relation = {"left": "m001", "relation": "derived_from", "right": "m009", "left_kind": "media",
                "right_kind": "media", "basis": "manifest", "stage": "ingest"}  # fmt: skip
    inputs = make_inputs(entries=rows, relations=[relation, relation | {"right": "m002"}])
    (table,) = relations(Facts(inputs)).listings
    assert table.rows == (("entry", "is made from", "entry", 1),)


def test_what_fakes_were_made_from_is_not_said_to_be_none_of_their_relations() -> None:
    """Swaps whose originals are not on record are no entries without descent."""
    rows = [entry(1, manipulation_type="face_swap"), entry(2, manipulation_type="face_swap")]
    text = relations(Facts(make_inputs(entries=rows))).text
    assert text[1] == (
        "2 entries are declared to be manipulated. What they were made from is not on record."
    )
    made = {"left": "m001", "relation": "swap_target", "right": "m002", "left_kind": "media",
            "right_kind": "media", "basis": "manifest", "stage": "ingest"}  # fmt: skip
    text = relations(Facts(make_inputs(entries=rows, relations=[made]))).text
    assert text[1].endswith("What they were made from is on record for 1 of them only.")


def test_relations_that_lead_out_of_a_release_are_told() -> None:
    relation = {"left": "m001", "relation": "derived_from", "right": "m009", "left_kind": "media",
                "right_kind": "media", "basis": "manifest", "stage": "ingest"}  # fmt: skip
    inputs = make_inputs(entries=[entry(1)], relations=[relation])
    assert relations(Facts(inputs)).text[0] == (
        "No relation between the entries described here is on record. 1 relation leads to what is "
        "not described here."
    )


def test_a_few_people_are_not_counted_as_identities() -> None:
    rows = [entry(n) for n in range(1, 5)]
    faces = [factories.face(row["sha256"], face_id=f"f{n}") for n, row in enumerate(rows)]
    ids = [factories.identity(face, None, identity_id=f"i{n % 3}") for n, face in enumerate(faces)]
    inputs = make_inputs(entries=rows, content=[content(row) for row in rows], faces=faces,
                         identities=ids)  # fmt: skip
    assert relations(Facts(inputs)).text[2] == (
        "Comparing faces grouped the 4 faces of the catalogue into fewer than 5 identities, each "
        "of which stands for one person."
    )


def test_no_doubted_label_is_a_sentence() -> None:
    said = errors(Facts(make_inputs(entries=[entry(1)], runs=[run("run labels", 1)]))).text[0]
    assert said.endswith("The rules on labels doubt the label of no entry.")


def test_answers_are_referred_to_by_their_question() -> None:
    assert next(one.text for one in questions() if one.id == 13) == ON_ERRORS


def test_answers_of_the_catalogue_leave_nothing_to_authors(small) -> None:
    answer = splits(Facts(small))
    assert (answer.source, answer.left_to_authors) == (AnswerSource.CATALOGUE, "")


def test_findings_of_other_rules_are_no_known_error() -> None:
    inputs = make_inputs(entries=[entry(1)], findings=[finding("CON001", 1)],
                         verdicts=[verdict(1, "blocked", "CON001")])  # fmt: skip
    assert {n for _, n in errors(Facts(inputs)).listings[0].rows} == {0}
