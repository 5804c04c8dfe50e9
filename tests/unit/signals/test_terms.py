"""Files that state terms: a licence as a whole, or somebody reads them; and what READMEs say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.signals.beside import list_beside, read_beside
from curate.signals.describing import limiting
from curate.signals.licences import to_spdx, whole_licence
from tests.unit.signals.test_beside import XMP, pack, picture, put, restricts, told

MIT = """MIT License

Copyright (c) 2020 Jane Doe

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
WHOLE = {
    "CC0-1.0": "CC0-1.0",
    "https://creativecommons.org/licenses/by/4.0/": "CC-BY-4.0",
    "http://www.creativecommons.org/licenses/by-nc-sa/4.0/legalcode.de": "CC-BY-NC-SA-4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/deed.en": "CC0-1.0",
    "Creative Commons Attribution 4.0 International (CC BY 4.0)": "CC-BY-4.0",
    "SPDX-License-Identifier: CC-BY-SA-4.0": "CC-BY-SA-4.0",
    "Licensed under the Apache License, Version 2.0": "Apache-2.0",
    MIT: "MIT",
}
UNKNOWN = (
    *("", "Look only.", "Proprietary", "All rights reserved.", "© 2024 Jane Doe", "NOASSERTION"),
    *("OpenRAIL++-M", "GPL-3.0", "TBD", "See website", "Machines may only look.", "Nur ansehen."),
    *("Alle Rechte vorbehalten", "CC BY 4.0 for humans", "CC BY 4.0, CC BY-NC 4.0", "版权所有"),
    "https://creativecommons.org/licenses/by/4.0/?noai",
    *(f"{MIT}\nHumans only.", MIT.replace("any person", "any human"), MIT.replace("Jane", "No")),
    MIT.replace("Jane Doe", "Humans only"),
)
NAMES = (
    *("LICENSE", "LICENCE.md", "TERMS.txt", "COPYING", "license_photos.txt", "EULA.md", "NOTICE"),
    *("rights.txt", "usage.txt", "UNLICENSED", "LICENSES/faces.txt", "terms/a.md", "LIZENZ.txt"),
    *("license.yaml", "LICENSE.csv", "terms.jsonl", "LICENSE.py", "LICENSE.json", "tos.html"),
)


@pytest.mark.parametrize("text", WHOLE)
def test_text_that_is_a_licence_in_whole_is_understood(tmp_path: Path, text: str) -> None:
    assert whole_licence(text) == WHOLE[text]
    put(tmp_path, "LICENSE", f"\ufeff{text}\r\n")
    ((kind, value),) = {(row["kind"], row["value"]) for row in told(tmp_path, "a.jpg")["a.jpg"]}
    assert (kind, value) == ("licence", WHOLE[text])


@pytest.mark.parametrize("text", UNKNOWN)
@pytest.mark.parametrize("name", ["LICENSE", "terms.html"])
def test_terms_that_are_no_licence_in_whole_are_reviewed(
    tmp_path: Path, text: str, name: str
) -> None:
    put(tmp_path, name, text)
    assert any(row["kind"] == "unreadable" for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_known_by_their_name_whatever_its_ending(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, '["Look."]' if name.endswith("json") else "Look.")
    assert any(row["kind"] == "unreadable" for row in told(tmp_path, "x/a.jpg")["x/a.jpg"])


def test_picture_of_the_same_name_hides_no_terms(tmp_path: Path) -> None:
    for entry in ("license.png", "a.jpg"):
        put(tmp_path, entry, picture())
    put(tmp_path, "LICENSE", "Look.")
    rows = told(tmp_path, "license.png", "a.jpg")
    assert all(any(restricts(row) for row in found) for found in rows.values())


REFUSING = (
    *("Machine learning is outside of what the sitters agreed to.", "Solo para humanos."),
    *("Training on this data needs a contract.", "Please contact us before training."),
    *("Training fee: 100 EUR", "Only humans may use this dataset.", "Only for human viewers."),
    *("Consent covers exhibition only.", "Model training costs extra.", "Not for facial analysis"),
    *("Consent of the person in a.jpg was withdrawn.", "Consent: not given", "without consent"),
    *("We do not have consent for a.jpg.", "She objects.", "The person objected on 3 May."),
    *("a.jpg must be removed", "Delete a.jpg, the person objects.", "Contains minors."),
    *("Consent covers display only.", "Model release: none", "No model release", "No release"),
    *("Please exclude a.jpg", "a.jpg was removed at the request of the person shown."),
    *("person 3 asked to be removed", "Consent forms for 3 people were lost.", "Research use only"),
    *("People were filmed without their knowledge.", "The dataset has been retracted."),
    *("This dataset is deprecated.", "The people shown are under 18.", "Parents were not asked."),
    *("Participants agreed to perception studies only.", "Stimuli for human observers only."),
    *("The licence ended on 2024-12-31.", "The agreement with the agency expired.", "Legal hold"),
    *("ML use pending legal review", "Not approved for ML", "Out-of-scope use: training detectors"),
    *("license: other", "Licence: custom", "By downloading you agree to the terms."),
    *("Pour entraîner une IA, demandez.", "Wer KI trainiert, fragt vorher.", "训练需要授权"),
    *(
        "商用・学習利用はご遠慮ください",
        "AIに使わないでください",
        "La persona de la foto se opone.",
    ),
    *("Die Person hat widersprochen.", "Bitte löschen.", "Le mineur.", "Minderjährige", "未成年"),
    *("Consentement retiré", "Sin consentimiento", "Senza consenso", "Sem consentimento"),
    *(
        "Zonder toestemming",
        "Bez zgody",
        "без согласия",
        "Несовершеннолетние",
        "동의 없음",
        "미성년",
    ),
    *("Print only", "Nur für den internen Gebrauch", "仅供浏览", "Solo uso interno."),
    *("Training detectors? No.", "For training. But ask.", "Do not share with third parties."),
    *("AI use: TBD", "Images were scraped from Flickr.", "We do not own the images."),
)
NEUTRAL = (
    "A dataset of faces, for training detectors of deepfakes.\n",
    "# Portraits\n\nPhotos taken in 2020.\n\n- train/ 100 images\n- test/ 10 images\n",
    "train/a_01.jpg 0\ntrain/a_02.jpg 1\n",
    "The training set has 800 images and the test set has 200 images.",
    "This dataset contains real images and deepfakes generated by three diffusion models.",
    "Two people at the lake, 1998.",
)


@pytest.mark.parametrize("text", REFUSING)
@pytest.mark.parametrize("name", ["README.md", "notes.txt", "index.html", "about.json"])
def test_words_that_may_refuse_hold_what_lies_in_the_folder(
    tmp_path: Path, text: str, name: str
) -> None:
    shown = f'{{"note": "{text}"}}' if name.endswith("json") else f"# Faces\n\n{text}\n"
    put(tmp_path, name, f"<html>{shown}</html>" if name.endswith("html") else shown)
    assert any(row["kind"] == "unreadable" for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize("text", NEUTRAL)
def test_readme_that_describes_is_neutral_and_silences_nothing(text: str) -> None:
    assert limiting(text) == (None, [])
    assert limiting(f"{text}\n\nHumans only.")[0] is not None


def test_licence_that_a_readme_names_is_a_licence(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "# Faces\n\nLicence: CC BY-NC-ND 4.0\n")
    (row,) = told(tmp_path, "a.jpg")["a.jpg"]
    assert (row["kind"], row["value"]) == ("licence", "CC-BY-NC-ND-4.0")
    assert to_spdx("Licence: CC BY-NC-ND 4.0") == row["value"]


@pytest.mark.parametrize("name", ["page.html", "rsl.xml", "notes.txt", "README", "LICENSE"])
def test_long_file_is_read_or_told(tmp_path: Path, name: str) -> None:
    begin = "<html><body>" if name.endswith("html") else ""
    put(tmp_path, name, begin + "lake " * 250_000 + "No AI training.")
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


@pytest.mark.parametrize("folder", ["captions", "json", "meta", "annotations", "labels", "docs"])
def test_sidecar_in_a_folder_for_such_files_is_read(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/a.xmp", XMP)
    rows = told(tmp_path, "a.jpg", "b.jpg")
    assert any(restricts(row) for row in rows["a.jpg"])
    assert rows["b.jpg"] == []
    pack(tmp_path / "x.zip", {"a.jpg": picture(), f"{folder}/a.xmp": XMP})
    assert any(restricts(row) for row in told(tmp_path / "x.zip", "a.jpg")["a.jpg"])


@pytest.mark.parametrize(
    "column",
    [
        *({"exclude": "1"}, {"use": "0"}, {"ok_for_ml": "n"}, {"train_ok": "0"}, {"rights": "RM"}),
        *({"terms": "print only"}, {"status": "removed at request"}, {"use": {"train": "no"}}),
        *({"included": "no"}, {"release_signed": "no"}, {"notes": "objected on 3 May"}),
        *({"remark": "she asked us to delete it"}, {"remark": "does not want it"}),
        *({"train": False}, {"allowed_uses": []}, {"consent": "no"}, {"no_consent": True}),
        *({"opt-out": "yes"}, {"consent_withdrawn": True}, {"training_allowed": False}),
    ],
)
def test_column_or_field_that_refuses_is_reviewed(tmp_path: Path, column: dict[str, Any]) -> None:
    entry = {"media_id": "a.jpg", "root": str(tmp_path), "locator": "a.jpg", "sha256": "0" * 64,
             "extra": json.dumps(column), "mime": "image/jpeg"}  # fmt: skip
    found = read_beside({"entries": pa.Table.from_pylist([entry])}, found=list_beside([entry]))
    assert found["signals"].num_rows
    put(tmp_path, "b.json", json.dumps(column))
    assert any(restricts(row) for row in told(tmp_path, "b.jpg")["b.jpg"])


@pytest.mark.parametrize(
    "column",
    [
        *({"consent": True}, {"training_allowed": True}, {"exclude": "0"}, {"use": "1"}),
        *({"is_train": "0"}, {"split": "train"}, {"removed": ""}, {"width": 640}),
    ],
)
def test_column_or_field_that_refuses_nothing_is_neutral(
    tmp_path: Path, column: dict[str, Any]
) -> None:
    put(tmp_path, "b.json", json.dumps(column))
    assert not any(restricts(row) for row in told(tmp_path, "b.jpg")["b.jpg"])


@pytest.mark.parametrize("split", ["not for training", "train", "train-clean-100", "no ai"])
def test_split_that_refuses_is_reviewed(tmp_path: Path, split: str) -> None:
    entry = {"media_id": "a.jpg", "root": str(tmp_path), "locator": "a.jpg", "sha256": "0" * 64,
             "extra": None, "split": split, "mime": "image/jpeg"}  # fmt: skip
    found = read_beside({"entries": pa.Table.from_pylist([entry])}, found=list_beside([entry]))
    assert bool(found["signals"].num_rows) == (split in ("not for training", "no ai"))
