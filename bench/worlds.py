"""Large made-up worlds for benchmarks of judging: tables as an audit reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from curate.audit.facts import INPUTS, Question
from curate.catalog.views import create_entries
from curate.model.config import UseProfile
from curate.schema import arrow_schema, conform, purpose_tree

AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
QUESTION = Question(
    UseProfile("bench", "train-detector", ("include", "train_detector")), purpose_tree(), AS_OF
)

# Per entry two people: half of the entries are swaps with donor and target, half show two people.
# Of the subjects a tenth have withdrawn, a tenth have no record, a tenth have records that ended.
_MEDIA = """
SELECT md5('m' || i) AS media_id, 'bench' AS dataset, 'x/' || i || '.jpg' AS locator,
       '/media' AS root, 'image' AS kind, CASE i % 10 WHEN 0 THEN 'test' ELSE 'train' END AS split,
       CASE i % 20 WHEN 0 THEN NULL ELSE 's' || (i % 7) END AS source_id,
       CASE WHEN i % 2 = 0 THEN 'face_swap' ELSE 'none' END AS manipulation_type,
       'present' AS status, 1000 + i AS listed_size, i AS listed_mtime_ns
FROM range({n}) t(i)
"""
_SIGHTINGS = """
SELECT md5('m' || i) AS media_id, md5('c' || i) || md5('d' || i) AS sha256,
       'readable' AS status, 1000 + i AS listed_size, i AS listed_mtime_ns,
       'probe/1' AS probe_version
FROM range({n}) t(i)
"""
_DEPICTIONS = """
SELECT md5('m' || i) AS media_id, 'p' || ((i * 7919 + j * 104729) % {subjects}) AS subject_id,
       CASE WHEN i % 2 = 1 THEN 'depicted' WHEN j = 0 THEN 'donor' ELSE 'target' END AS role,
       'declared' AS link_method, 'confirmed' AS link_status
FROM range({n}) t(i), range(2) u(j)
"""
_CONSENTS = """
SELECT 'c' || k AS consent_id, 'p' || (k % {subjects}) AS subject_id,
       ['train-detector'] AS purposes,
       ['include', 'train_detector', 'likeness_synthesis', 'likeness_alteration'] AS operations,
       ['depicted', 'donor', 'target'] AS roles_permitted, ['face_swap'] AS manipulations_permitted,
       'internal' AS audience_max, 'no' AS commercial_use, 'A9-2-a' AS legal_basis,
       3::TINYINT AS assurance_level,
       TIMESTAMPTZ '2024-01-01 00:00:00+00' AS valid_from,
       CASE WHEN (k % {subjects}) % 10 = 1 THEN TIMESTAMPTZ '2025-01-01 00:00:00+00'
            ELSE TIMESTAMPTZ '2030-01-01 00:00:00+00' END AS valid_until,
       'all_media' AS scope_kind
FROM range({consents}) t(k) WHERE (k % {subjects}) % 10 <> 2
"""
_EVENTS = """
SELECT consent_id || '/1' AS event_id, consent_id, subject_id, 'ConsentGiven' AS state,
       valid_from AS effective_at, 'subject' AS indicated_by FROM consents
UNION ALL
SELECT consent_id || '/2', consent_id, subject_id, 'ConsentWithdrawn',
       TIMESTAMPTZ '2026-01-01 00:00:00+00', 'subject' FROM consents
WHERE substr(subject_id, 2)::INT % 10 = 3
"""
_SUBJECTS = """
SELECT 'p' || i AS subject_id, 'adult' AS subject_kind, 'no' AS is_minor_at_capture,
       'active' AS status
FROM range({subjects}) t(i)
"""
_SOURCES = """
SELECT 's' || i AS source_id, 'own_capture' AS kind, 'CC-BY-4.0' AS licence,
       []::VARCHAR[] AS terms_flags, 'individual_records' AS consent_claim, 'active' AS status
FROM range(7) t(i)
"""
_SCANS = """
SELECT sha256, 0::INT AS frame, 'bench@0' AS model_id, 1::INT AS faces,
       16.0::DOUBLE AS smallest_px, 4::INT AS turns, 'faces/1' AS stage
FROM sightings
"""
_CONTENT = """
SELECT sha256, left(sha256, 32) AS md5, 1000::BIGINT AS byte_size, 'image' AS kind,
       'JPEG' AS format, 'image/jpeg' AS mime, 640::INT AS width, 480::INT AS height,
       'RGB' AS mode, 8::TINYINT AS bit_depth, 1::INT AS part_count, 1::INT AS frame_count,
       0.2::DOUBLE AS contrast,
       0.5::DOUBLE AS brightness, 1::TINYINT AS exif_orientation, 'probe/1' AS probe_version
FROM sightings
"""
_PARTS = """
SELECT sha256, 'the picture' AS part, 'picture' AS kind, 0::INT AS frame, 'sought' AS reading,
       'kept' AS released, 'probe/1' AS probe_version
FROM sightings
"""
# One face for a swap, two for others: each held against everybody's.
_FACES = """
SELECT s.sha256 || j AS face_id, s.sha256, 0::INT AS frame, 'bench@0' AS model_id,
       j::INT AS ordinal, 0.0::DOUBLE AS x1, 0.0::DOUBLE AS y1, 80.0::DOUBLE AS x2,
       80.0::DOUBLE AS y2, list_resize([]::DOUBLE[], 10, 0.0) AS landmarks, 1.0 AS det_score,
       80.0 AS face_height_px, 1.0 AS blur, 1.0 AS quality, TRUE AS judgeable
FROM sightings s JOIN media m USING (media_id), range(2) u(j)
WHERE j = 0 OR m.manipulation_type = 'none'
"""
_IDENTITIES = """
SELECT f.face_id, 'i' || d.subject_id AS identity_id, d.subject_id, 0.9::FLOAT AS similarity,
       'proposed' AS status, TRUE AS held, 0::INT AS others, f.model_id
FROM faces f
JOIN sightings s USING (sha256)
JOIN (SELECT *, row_number() OVER (PARTITION BY media_id ORDER BY role, subject_id) - 1 AS place
      FROM depictions WHERE role <> 'target') d ON d.media_id = s.media_id AND d.place = f.ordinal
"""
_COMPARED_NAMES = """
SELECT DISTINCT s.sha256, d.subject_id FROM depictions d JOIN sightings s USING (media_id)
"""
_BESIDE = """
SELECT media_id, 0::INT AS statements, 'signals-beside/1' AS stage FROM media
"""
_STAGES = """
SELECT * FROM (VALUES ('faces', 'faces/1', 'bench@0', 24.0::DOUBLE),
                      ('signals', 'signals/1', NULL, NULL),
                      ('signals-beside', 'signals-beside/1', NULL, NULL))
         t(stage, mark, model_id, smallest_px)
"""
_SEARCHES = """
SELECT sha256, 'none' AS c2pa_state, 'none' AS optout_data_mining, 'none' AS optout_ai_inference,
       'none' AS optout_ai_training, 'none' AS optout_ai_generative_training, 'bench' AS tool,
       'signals/1' AS stage
FROM sightings
"""
_MADE = (
    ("media", _MEDIA),
    ("sightings", _SIGHTINGS),
    ("depictions", _DEPICTIONS),
    ("consents", _CONSENTS),
    ("consent_events", _EVENTS),
    ("subjects", _SUBJECTS),
    ("sources", _SOURCES),
    ("face_scans", _SCANS),
    ("signal_scans", _SEARCHES),
    ("content", _CONTENT),
    ("parts", _PARTS),
    ("faces", _FACES),
    ("identities", _IDENTITIES),
    ("compared_names", _COMPARED_NAMES),
    ("beside_scans", _BESIDE),
    ("stages", _STAGES),
)


def make_world(media: int, folder: Path | None = None) -> dict[str, pa.Table]:
    """Return the tables of a world: two depictions per entry, a tenth as many subjects as entries.

    Args:
        media: How many entries.
        folder: Where the tables are kept, and read from as they are asked for; in memory when None.
    """
    tables = make_tables(media, folder)
    connection = duckdb.connect(":memory:")
    for name in ("media", "sightings"):
        connection.register(name, tables[name])
    create_entries(connection)
    # In the order of ids, as the catalogue gives them.
    in_order = "SELECT * FROM entries ORDER BY media_id"
    tables["entries"] = _kept(connection.sql(in_order).to_arrow_table(), "entries", folder)
    absent = [name for name in INPUTS if name not in tables]
    tables |= {name: arrow_schema(name).empty_table() for name in absent}
    return {name: tables[name] for name in INPUTS}


def make_tables(media: int, folder: Path | None = None) -> dict[str, pa.Table]:
    """Return the tables of such a world as a catalogue and a ledger keep them."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    sizes = {"n": media, "subjects": max(media // 10, 1), "consents": max(media // 5, 1)}
    tables = {}
    for name, sql in _MADE:
        made = conform(connection.sql(sql.format(**sizes)).to_arrow_table(), name)
        tables[name] = _kept(made.combine_chunks(), name, folder)
        del made
        connection.register(name, tables[name])
    return tables


def _kept(table: pa.Table, name: str, folder: Path | None) -> pa.Table:
    """Return a table, or the same from a file in a folder that is mapped into memory."""
    if folder is None:
        return table
    path = folder / f"{name}.arrow"
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
