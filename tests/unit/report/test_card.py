"""The card: front matter that YAML reads back as it was meant, with counted numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import datasets
import pyarrow as pa
import pytest
import yaml

from curate.model.authored import Authored
from curate.release.build import Form, Steps, build
from curate.release.select import INPUTS, select
from curate.report.bundle import late_documents
from curate.report.card import size_category
from tests.unit.report.conftest import HOSTILE


def front(laid) -> tuple[dict[str, Any], str]:
    text = late_documents(laid.inputs, laid.written)["README.md"]
    _, matter, body = text.split("---\n", 2)
    return yaml.safe_load(matter), body


def test_sizes_are_counted(laid) -> None:
    matter, body = front(laid)
    (info,) = matter["dataset_info"]
    (split,) = info["splits"]
    (table,) = [f for f in laid.written.files if f.path.startswith("data/")]
    assert (split["name"], split["num_examples"]) == ("train", 6)
    assert info["download_size"] == table.size
    assert info["dataset_size"] == split["num_bytes"]
    assert matter["size_categories"] == ["n<1K"]
    assert "| train | 6 | 6 | 0 |" in body


def test_configs_name_the_tables_of_each_split(laid) -> None:
    matter, _ = front(laid)
    assert matter["configs"] == [{
        "config_name": "items",
        "default": True,
        "data_files": [{"split": "train", "path": ["data/train-00000-of-00001.parquet"]}],
    }]  # fmt: skip


def test_features_are_the_columns_of_the_tables(laid) -> None:
    matter, _ = front(laid)
    told = {one["name"]: one["dtype"] for one in matter["dataset_info"][0]["features"]}
    assert list(told) == laid.written.items.column_names
    assert (told["sha256"], told["width"]) == ("string", "int64")


# The library leaves files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_hub_loads_a_release_by_its_folder(small, tmp_path) -> None:
    selection = select({name: small.tables[name] for name in INPUTS})
    inputs = replace(small, items=selection.items)
    built = build(
        "v1", selection, tmp_path / "releases", facts={"version": "1.0.0"},
        form=Form(("files", "huggingface")),
        steps=Steps(documents=lambda written: late_documents(inputs, written)),
    )  # fmt: skip
    cache = str(tmp_path / "cache")
    pictures = datasets.load_dataset(str(built.folder), cache_dir=cache)["train"]
    items = datasets.load_dataset(str(built.folder), "items", cache_dir=cache)["train"]
    assert (pictures.num_rows, items.num_rows) == (6, 6)
    assert pictures[0]["image"].size == (64, 48)
    assert pictures.features["label"].names == ["real", "fake"]
    assert set(pictures["sha256"]) == set(items["sha256"])


def test_access_is_gated_and_the_licence_never_guessed(laid) -> None:
    matter, _ = front(laid)
    assert matter["license"] == "other"
    assert matter["license_name"] == "licenseref-studio"
    assert "real people" in matter["extra_gated_prompt"]
    assert "checkbox" in matter["extra_gated_fields"].values()


def test_labels_that_were_declared_are_not_taken_for_experts_work(laid) -> None:
    matter, _ = front(laid)
    assert matter["annotations_creators"] == ["found"]


def test_who_holds_a_copy_is_told_what_to_do(laid) -> None:
    _, body = front(laid)
    assert (
        "If a later release withdraws files, delete them from every copy and confirm the deletion "
        "to the contact."
    ) in body
    assert "(training detectors, internally and non-commercially)" in body
    assert "Question " not in body.replace("| Question |", "")


def test_authors_words_are_taken(laid) -> None:
    authored = Authored(
        about={"licence": "LicenseRef-lab-1.0", "licence_url": "https://lab.example/terms",
               "title": HOSTILE, "citation": "Lab (2026)."},
        gate={"prompt": "a: b\n- c", "fields": {"Why: now?": "text"}},
    )  # fmt: skip
    matter, body = front(replace(laid, inputs=replace(laid.inputs, authored=authored)))
    assert matter["pretty_name"] == HOSTILE
    assert matter["license_link"] == "https://lab.example/terms"
    assert matter["extra_gated_prompt"] == "a: b\n- c"
    assert matter["extra_gated_fields"] == {"Why: now?": "text"}
    assert "<script" not in body.replace("\\<", "")
    assert "Lab (2026)." in body


def test_largest_size_has_a_word() -> None:
    assert size_category(10**9) == "n>1B"


def test_splits_that_the_hub_cannot_tell_apart_have_no_numbers(laid) -> None:
    names = pa.array(["a b", "a-b", "a b", "a-b", "a b", "a-b"])
    column = laid.written.items.schema.get_field_index("split")
    items = laid.written.items.set_column(column, "split", names)
    matter, _ = front(replace(laid, written=replace(laid.written, items=items)))
    assert "splits" not in matter["dataset_info"][0]
