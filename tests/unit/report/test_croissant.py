"""Croissant: valid by our schema and by mlcroissant, which reads as many records as there are."""

from __future__ import annotations

import json
import logging
import re
import tarfile
from dataclasses import replace
from typing import Any

import mlcroissant
import pytest

from curate.model.authored import Authored
from curate.release.manifest import digest_file
from curate.report.bundle import late_documents
from curate.report.croissant import croissant_problems

# mlcroissant's own: what rdflib and pandas say of how it calls them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


def written_to(laid) -> dict[str, Any]:
    texts = late_documents(laid.inputs, laid.written)
    for name, text in texts.items():
        (laid.folder / name).write_text(text, encoding="utf-8")
    return json.loads(texts["croissant.json"])


def loaded(laid) -> Any:
    logging.getLogger("absl").setLevel(logging.ERROR)
    return mlcroissant.Dataset(jsonld=str(laid.folder / "croissant.json"))


def test_a_release_meets_what_croissant_requires(laid) -> None:
    assert croissant_problems(written_to(laid)) == []


@pytest.mark.parametrize("name", ["conformsTo", "license", "distribution", "usageInfo", "url"])
def test_what_is_missing_is_named(laid, name) -> None:
    document = written_to(laid)
    del document[name]
    assert croissant_problems(document) == [f"{name!r} is a required property"]


def test_a_file_without_its_digest_is_found(laid) -> None:
    document = written_to(laid)
    del document["distribution"][0]["sha256"]
    assert croissant_problems(document)[0].startswith("distribution[0]: ")


def test_mlcroissant_validates_it_without_a_word(laid) -> None:
    written_to(laid)
    issues = loaded(laid).metadata.ctx.issues
    assert (list(issues.errors), list(issues.warnings)) == ([], [])


def test_mlcroissant_reads_every_record_of_every_table(laid) -> None:
    document = written_to(laid)
    dataset = loaded(laid)
    read = [
        record
        for one in document["recordSet"]
        if one["@id"].startswith("items-")
        for record in dataset.records(one["@id"])
    ]
    assert len(read) == laid.written.items.num_rows == 6
    digests = {next(v for k, v in row.items() if k.endswith("/sha256")).decode() for row in read}
    assert digests == set(laid.written.items["sha256"].to_pylist())


def test_mlcroissant_refuses_a_table_that_was_changed(laid) -> None:
    written_to(laid)
    (table,) = laid.folder.glob("data/*.parquet")
    table.write_bytes(table.read_bytes() + b"\0")
    with pytest.raises(mlcroissant.GenerationError) as caught:
        list(loaded(laid).records("items-train"))
    assert "Hash of downloaded file" in str(caught.value.__cause__)


def test_shards_are_archives_whose_members_are_found(laid) -> None:
    shard = laid.folder / "shards" / "train-000000.tar"
    shard.parent.mkdir()
    with tarfile.open(shard, "w") as archive:
        for picture in sorted(laid.folder.glob("media/train/*.jpg")):
            archive.add(picture, picture.name)
    files = (*laid.written.files, digest_file(shard, laid.folder))
    laid = replace(laid, written=replace(laid.written, files=files))
    document = written_to(laid)
    inside = [x for x in document["distribution"] if "containedIn" in x]
    assert [x["containedIn"] for x in inside] == [{"@id": "shards/train-000000.tar"}]
    assert croissant_problems(document) == []
    assert len(list(loaded(laid).records("items-train"))) == 6


def test_authors_say_who_made_it_and_under_which_licence(laid) -> None:
    about = {"creators": ["Lab A", "Lab B"], "licence_url": "https://lab.example/terms",
             "doi": "10.1/x", "citation": "Lab (2026)."}  # fmt: skip
    inputs = replace(laid.inputs, authored=Authored(about=about))
    document = written_to(replace(laid, inputs=inputs))
    assert [one["name"] for one in document["creator"]] == ["Lab A", "Lab B"]
    assert document["license"] == "https://lab.example/terms"
    assert document["sameAs"] == "https://doi.org/10.1/x"


def test_no_person_and_no_place_of_a_file_is_in_it(laid) -> None:
    text = json.dumps(written_to(laid))
    assert "p1" not in text
    assert "001.jpg" not in text


def test_uses_are_those_it_was_judged_for_and_limits_what_is_prohibited(laid) -> None:
    document = written_to(laid)
    assert document["rai:dataUseCases"] == [
        (
            "The release was judged for this use only: training detectors, internally and "
            "non-commercially."
        )
    ]
    limits = " ".join(document["rai:dataLimitations"])
    assert "Do not use it for anything except training detectors" in limits
    assert "Do not use it to recognise the people shown" in limits


def test_no_code_and_no_number_of_a_question_is_told(laid) -> None:
    document = written_to(laid)
    text = json.dumps([value for name, value in document.items() if name.startswith("rai:")])
    assert "Question" not in text
    assert not re.search(r"[a-z]_[a-z]|train-detector", text)


def test_every_table_and_index_stands_with_its_digest(laid) -> None:
    for name in ("huggingface/image/train-00000-of-00001.parquet", "coco/train.json"):
        place = laid.folder / name
        place.parent.mkdir(parents=True)
        place.write_bytes(name.encode())
        files = (*laid.written.files, digest_file(place, laid.folder))
        laid = replace(laid, written=replace(laid.written, files=files))
    document = written_to(laid)
    told = {one["@id"]: one["sha256"] for one in document["distribution"] if "sha256" in one}
    plain = {f.path: f.sha256 for f in laid.written.files if not f.path.startswith("media/")}
    assert told == plain
    assert croissant_problems(document) == []
    assert len(list(loaded(laid).records("items-train"))) == 6
