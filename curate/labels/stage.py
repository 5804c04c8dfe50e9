"""The labels stage: shortcuts by which labels can be told, and labels that are doubted.

Entries with a label, what was probed of their content, and who they share a person or a clip
with, to rows of `shortcuts`, `shortcut_drops`, `doubts` and `label_noise`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.engine.stage import Tables, WholeStage
from curate.labels import looks
from curate.labels.audit import Question, test_label
from curate.labels.doubts import find_doubts
from curate.labels.groups import TIES, UNITS, components, usable
from curate.schema import conform

VERSION = "3"
STAGE = f"labels/{VERSION}"
# What holds entries together as one group: as it should be, and where that leaves one group.
WHOLE = "people, clips, copies and what was made from one another"
PARTED = "clips and copies; people are tied into one component"
# What the name of a file is made of: letters are a, digits 0, and runs of either are one.
_SHAPE = r"""
regexp_replace(regexp_replace(regexp_replace(parse_filename(e.locator, true),
    '[0-9]+', '0', 'g'), '[A-Za-z]{2,}', 'aa', 'g'), '[^a0A-Za-z_. -]+', '?', 'g')
"""
_ITEMS = f"""
SELECT e.media_id, e.sha256, l.value AS authenticity,
       coalesce(e.method, CASE WHEN e.manipulation_type NOT IN ('none', 'unknown')
                               THEN e.manipulation_type END) AS method,
       e.source_id, e.compression, {_SHAPE} AS name_shape,
       lower(regexp_extract(e.locator, '\\.([A-Za-z0-9]+)$', 1)) AS extension,
       c.* EXCLUDE (sha256, md5, pixel_digest, phash, dhash, pdq, pdq_dihedral),
       c.byte_size * 8.0 / nullif(c.width::DOUBLE * c.height, 0) AS bits_per_pixel,
       c.width::DOUBLE / nullif(c.height, 0) AS aspect,
       f.height / nullif(c.height, 0) AS face_share, k.vector AS look
FROM entries e
JOIN content c USING (sha256)
LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
LEFT JOIN (
    SELECT sha256, max(face_height_px) AS height FROM faces GROUP BY sha256
) f ON f.sha256 = e.sha256
LEFT JOIN looks k ON k.sha256 = e.sha256
WHERE e.state = 'present'
ORDER BY e.media_id
"""


def labels_stage(scores: pa.Table | None = None) -> WholeStage:
    """Return the stage.

    Args:
        scores: ``media_id, score``: a user's own out-of-fold probability of fake by entry; None
            to train on the looks of pictures.
    """
    digest = "" if scores is None else hashlib.sha256(repr(scores.to_pylist()).encode()).hexdigest()
    return WholeStage(
        name="labels",
        version=VERSION,
        reads={"items": _ITEMS, "units": UNITS, "ties": TIES},
        work=lambda tables: audit_labels(tables, scores),
        writes=("shortcuts", "shortcut_drops", "doubts", "label_noise"),
        parameters={"scores": digest},
    )


def audit_labels(tables: Tables, scores: pa.Table | None = None) -> dict[str, pa.Table]:
    """Return rows of the four tables, and notes.

    Args:
        tables: ``items``, ``units`` and ``ties`` as the stage reads them.
        scores: As for `labels_stage`.
    """
    items = _with_looks(tables["items"])
    unit = components(items["media_id"], tables["units"])
    group = components(items["media_id"], tables["units"], tables["ties"])
    told = WHOLE
    if not usable(group):
        # One component of nearly everything, as swaps between all people make: then clips and
        # copies are held together, and people are not.
        group, told = unit, PARTED
    is_fake = pc.fill_null(pc.equal(items["authenticity"], "fake"), fill_value=False)
    fake = is_fake.combine_chunks()
    asked = (
        Question("authenticity", items["authenticity"], np.ones(items.num_rows, bool)),
        Question("method", items["method"], fake.to_numpy(zero_copy_only=False)),
    )
    answers = [test_label(question, items, group, unit) for question in asked]
    rows = [{**row, "basis": told, "stage": STAGE} for answer in answers for row in answer.rows]
    drops = [drop for answer in answers for drop in answer.drops]
    doubts, noise, note = find_doubts(items, group, told, scores)
    notes: dict[str, Any] = {answer.question: answer.note for answer in answers}
    notes["noise"] = note
    if told == PARTED:
        notes["held together"] = told
    return {
        "shortcuts": conform(rows, "shortcuts"),
        "shortcut_drops": _drops(drops),
        "doubts": conform([{**row, "stage": STAGE} for row in doubts], "doubts"),
        "label_noise": conform([{**row, "stage": STAGE} for row in noise], "label_noise"),
        "notes": pa.table({"note": [json.dumps(notes)]}),
    }


def _with_looks(items: pa.Table) -> pa.Table:
    """Return the items with the colours of their look as columns."""
    vectors = items["look"].combine_chunks()
    there = vectors.is_valid().to_numpy(zero_copy_only=False)
    width = len(looks.NAMES)
    values = np.full((items.num_rows, width), np.nan)
    values[there] = vectors.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    for name in ("redness", "blueness", "saturation"):
        items = items.append_column(name, pa.array(values[:, looks.NAMES.index(name)]))
    return items


def _drops(parts: list[pa.Table]) -> pa.Table:
    if not parts:
        return conform([], "shortcut_drops")
    whole = pa.concat_tables(parts)
    return conform(whole.append_column("stage", pa.repeat(STAGE, whole.num_rows)), "shortcut_drops")
