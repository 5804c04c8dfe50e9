from dataclasses import replace

import pyarrow as pa

from curate.report.facts import Facts


def test_queries_are_remembered_until_forgotten(small) -> None:
    facts = Facts(small)
    facts.count("SELECT count(*) FROM entries")
    facts.rows("SELECT 1")
    assert facts.forget() == ["SELECT count(*) FROM entries", "SELECT 1"]
    assert facts.forget() == []


def test_without_items_every_entry_is_described(small) -> None:
    assert Facts(small).count("SELECT count(*) FROM described") == 10


def test_with_items_only_they_and_their_people_are(small) -> None:
    items = pa.table({"media_id": ["m001", "m002"]})
    facts = Facts(replace(small, items=items))
    assert facts.is_release
    assert facts.count("SELECT count(*) FROM described") == 2
    assert facts.count("SELECT count(DISTINCT subject_id) FROM shown") == 2
    assert facts.count("SELECT count(*) FROM granted") == 2


def test_a_link_that_review_rejected_shows_nobody(small) -> None:
    table = small.tables["depictions"]
    place = table.schema.get_field_index("link_status")
    turned = table.set_column(place, "link_status", pa.array(["rejected"] * table.num_rows))
    facts = Facts(replace(small, tables={**small.tables, "depictions": turned}))
    assert facts.count("SELECT count(*) FROM shown") == 0


def test_nothing_counts_as_zero(small) -> None:
    assert Facts(small).count("SELECT sum(byte_size) FROM content WHERE false") == 0
