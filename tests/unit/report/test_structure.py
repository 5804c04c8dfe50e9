from curate.report.facts import Facts
from curate.report.structure import copies, identity_sizes, structure
from tests.unit.report.conftest import Row, entry, make_inputs, run, verdict

DEDUP = [run("run dedup", 1)]


def group(row, tier) -> Row:
    return {"sha256": row["sha256"], "group_id": "g", "medoid": "g", "tier": tier, "keep": "g",
            "keep_reason": "largest"}  # fmt: skip


def test_copies_are_counted_once_by_what_they_share_most() -> None:
    rows = [entry(n) for n in range(1, 7)]
    rows[1]["sha256"] = rows[0]["sha256"]
    inputs = make_inputs(
        entries=rows,
        verdicts=[verdict(n, "cleared") for n in range(1, 7)],
        groups=[group(rows[2], "pixels"), group(rows[3], "near"), group(rows[0], "near")],
        runs=DEDUP,
    )
    known = copies(Facts(inputs))
    assert (known.alone, known.same_bytes, known.same_pixels, known.near) == (2, 2, 1, 1)


def test_copies_are_not_known_where_nobody_searched() -> None:
    assert copies(Facts(make_inputs(entries=[entry(1)]))) is None


def test_identities_are_counted_by_size() -> None:
    faces = [
        {"face_id": f"f{n}", "sha256": f"{n:064x}", "frame": 0, "model_id": "toy@1", "ordinal": 0,
         "x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0, "landmarks": [], "det_score": 1.0,
         "face_height_px": 9.0, "blur": 1.0, "quality": 1.0, "judgeable": True}
        for n in range(5)
    ]  # fmt: skip
    owners = ["a", "a", "b", "c", None]
    identities = [
        {"face_id": f"f{n}", "identity_id": owner, "model_id": "toy@1"}
        for n, owner in enumerate(owners)
    ]
    facts = Facts(make_inputs(faces=faces, identities=identities))
    assert identity_sizes(facts) == [("1 content", 2), ("2 contents", 1)]
    told = dict(structure(facts).rows)
    assert told["Faces found"] == 5
    assert told["Faces gathered into identities"] == 4
    assert told["Identities"] == 3


def test_people_in_two_splits_are_counted() -> None:
    inputs = make_inputs(
        entries=[entry(1, split="train"), entry(2, split="test"), entry(3, split="test")],
        verdicts=[verdict(n, "cleared") for n in (1, 2, 3)],
        depictions=[
            {"media_id": f"m00{n}", "subject_id": subject, "role": "depicted",
             "link_method": "declared", "link_status": status}
            for n, subject, status in ((1, "a", "confirmed"), (2, "a", "confirmed"),
                                       (1, "b", "confirmed"), (3, "b", "rejected"))
        ],
    )  # fmt: skip
    assert dict(structure(Facts(inputs)).rows)["Declared people in more than one split"] == 1
