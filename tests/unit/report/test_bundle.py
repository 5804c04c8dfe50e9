"""The documents of a release: the same texts for the same inputs, and no picture in any."""

from __future__ import annotations

from curate.report.bundle import late_documents

NAMES = {"README.md", "croissant.json", "datasheet.md", "datasheet.html", "datasheet.json",
         "policy.json", "eu-training-summary.json", "processing-record.json",
         "consent-summary.json"}  # fmt: skip


def test_everything_beside_the_data_is_there(laid) -> None:
    assert set(late_documents(laid.inputs, laid.written)) == NAMES


def test_same_inputs_give_same_texts(laid) -> None:
    assert late_documents(laid.inputs, laid.written) == late_documents(laid.inputs, laid.written)


def test_no_picture_leaves_in_a_document(laid) -> None:
    for text in late_documents(laid.inputs, laid.written).values():
        assert "data:image" not in text
        assert "<img" not in text
        assert "![" not in text
