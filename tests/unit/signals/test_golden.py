"""The shared provenance files, each as MANIFEST.md and expected_c2pa.json state it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from curate.media.sniff import sniff
from curate.signals.content import Read, read_picture
from curate.signals.normal import CATEGORIES, Use, Uses
from tests.unit.signals.test_content import said

# What MANIFEST.md says of uses: data_mining, ai_inference, ai_training, ai_generative_training.
N, A, C, P, U = Use.NONE, Use.ALLOWED, Use.CONSTRAINED, Use.PROHIBITED, Use.UNREADABLE
USES = {
    "datadiligence/sample_c2pa.png": (P, P, P, P),
    "generated/c2pa_compositeSynthetic_cawg_tdm.jpg": (C, N, A, P),
    "generated/c2pa_digitalCapture_legacy_tdm.jpg": (P, P, P, P),
    "generated/c2pa_mixed_prefix_tdm.jpg": (N, N, C, N),
    "generated/c2pa_trainedAlgorithmicMedia.jpg": (N, N, N, N),
    "generated/xmp/cc_by_but_dmi_prohibited.jpg": (P, N, P, P),
    "generated/xmp/plus_DMI-ALLOWED.jpg": (A, N, A, A),
    "generated/xmp/plus_DMI-PROHIBITED-AIMLTRAINING.jpg": (N, N, P, P),
    "generated/xmp/plus_DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING.jpg": (P, N, P, P),
    "generated/xmp/plus_DMI-PROHIBITED-GENAIMLTRAINING.jpg": (N, N, N, P),
    "generated/xmp/plus_DMI-PROHIBITED-SEECONSTRAINT.jpg": (C, N, C, C),
    "generated/xmp/plus_DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR.jpg": (C, N, C, C),
    "generated/xmp/plus_DMI-PROHIBITED-SEELINKEDRIGHTSEXPR.jpg": (C, N, C, C),
    "generated/xmp/plus_DMI-PROHIBITED.jpg": (P, N, P, P),
    "generated/xmp/plus_DMI-UNSPECIFIED.jpg": (N, N, N, N),
    "generated/xmp/plus_dmi_attr_form.jpg": (P, N, P, P),
    "generated/xmp/plus_dmi_unknown_value.jpg": (U, U, U, U),
    "generated/xmp/xmp_entity_bomb.jpg": (U, U, U, U),
    "generated/xmp/xmp_malformed.jpg": (U, U, U, U),
    # Directories of these lie outside of the block: what stood in them is not known.
    "imagemeta/huge_tag_exif.jpg": (U, U, U, U),
    "imagemeta/max_uint32_exif.jpg": (U, U, U, U),
    "iptc-ref/IPTC-PhotometadataRef-Std2024.1.jpg": (N, N, N, P),
}
CODES = {
    "plus_modelrelease_": "model_release",
    "plus_minorage_": "minor_age",
    "iptc_dst_": "digital_source_type",
}
MEDIA = (".jpg", ".jpeg", ".png", ".webp", ".avif")


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    """Return the folder of provenance files."""
    return shared_data / "provenance"


@cache
def read(path: Path, trust: str = "") -> Read:
    """Return what a file says."""
    data = path.read_bytes()
    found = sniff(data[:4096])
    assert found is not None
    return read_picture(data, found.mime, trust=trust)


def test_c2pa_records_are_as_measured(folder: Path) -> None:
    anchor = (folder / "generated" / "fixture_root.pem").read_text()
    expected: dict[str, dict[str, Any]] = json.loads((folder / "expected_c2pa.json").read_text())
    for name, told in expected.items():
        found = read(folder / name, anchor if name.startswith("generated/") else "")
        own = [x for x in found.signals if x.kind == "c2pa_state" and x.ingredient is None]
        if told["state"] == "none":
            assert (found.c2pa_state, own) == ("none", []), name
            continue
        (state,) = own
        assert state.value == told["state"].lower(), name
        assert set(told["failure"]) <= set(state.codes), name
        broken = set(told["ingredient_failures"])
        bad = [x for x in found.signals if x.kind == "c2pa_state" and x.ingredient and
               x.value == "invalid"]  # fmt: skip
        assert broken <= {code for x in bad for code in x.codes}, name
        assert found.c2pa_state == ("invalid" if broken else told["state"].lower()), name
        actions = [x.value for x in found.signals if x.kind == "c2pa_action" and not x.ingredient]
        assert actions == [action for action, _ in told["actions"]], name
        types = [x.value for x in found.signals if x.kind == "digital_source_type"]
        assert [code for _, code in told["actions"] if code] == types, name
        assert "c2pa-python" in found.tool, name


def test_every_file_says_what_the_manifest_says(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.suffix in MEDIA)
    assert len(files) > 90
    for path in files:
        name = path.relative_to(folder).as_posix()
        assert read(path).uses == Uses(*USES.get(name, (N, N, N, N))), name


def test_no_refusal_is_ever_none_or_allowed(folder: Path) -> None:
    for path in sorted(p for p in folder.rglob("*") if p.suffix in MEDIA):
        data = path.read_bytes()
        if b"DMI-PROHIBITED" in data or b"notAllowed" in data:
            answers = {getattr(read(path).uses, name) for name in CATEGORIES}
            assert answers & {C, P, U}, path.name


def test_codes_of_releases_ages_and_source_types(folder: Path) -> None:
    counts = dict.fromkeys(CODES.values(), 0)
    for path in sorted((folder / "generated" / "xmp").glob("*.jpg")):
        for prefix, kind in CODES.items():
            if path.stem.startswith(prefix):
                counts[kind] += 1
                assert said(read(path), kind) == [path.stem.removeprefix(prefix)]
    assert counts == {"model_release": 4, "minor_age": 6, "digital_source_type": 20}


def test_reference_files_of_iptc(folder: Path) -> None:
    new = read(folder / "iptc-ref" / "IPTC-PhotometadataRef-Std2024.1.jpg")
    old = read(folder / "iptc-ref" / "IPTC-PhotometadataRef-Std2021.1.jpg")
    for found in (new, old):
        assert said(found, "model_release") == ["MR-NAP"]
        assert said(found, "minor_age") == ["AG-A25"]
        assert said(found, "digital_source_type") == ["softwareImage"]
        places = {one.place for one in found.signals if one.kind == "terms"}
        assert {"Iptc4xmpExt:EmbdEncRightsExpr", "Iptc4xmpExt:LinkedEncRightsExpr"} <= places
        assert ("plus:OtherConstraints" in places) == (found is new)
        assert said(found, "conflict") == []


def test_rights_are_read_in_every_container(folder: Path) -> None:
    for suffix in ("jpg", "webp", "avif"):
        rights = {x.place: x.value for x in read(folder / "imagemeta" / f"sunrise.{suffix}").signals
                  if x.kind == "rights"}  # fmt: skip
        assert rights["xmpRights:Marked"] == "True"
        assert {"dc:rights", "dc:creator"} <= set(rights)


def test_provenance_that_was_taken_out(folder: Path) -> None:
    found = read(folder / "generated" / "xmp" / "xmp_provenance_stripped.jpg")
    assert found.c2pa_state == "stripped"


def test_generated_pictures_are_told(folder: Path) -> None:
    found = read(folder / "generated" / "xmp" / "xmp_ai_generated_2025_1.jpg")
    assert {one.kind for one in found.signals if one.generative} == {
        "ai_system",
        "digital_source_type",
    }
    # A prompt may name people.
    assert "synthetic face" not in said(found, "ai_system")
