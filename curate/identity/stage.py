"""The identity stage: embeddings in memory to identities, and identities to declared subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curate.catalog.views import REPRESENTED_BY
from curate.engine.stage import Tables, WholeStage
from curate.identity.groups import PREFIX

VERSION = "9"

# Whose own face is seen: of a swap's two people the donor's; where a target is made to move or
# speak, the target's.
_MOVED = "('reenactment', 'lip_sync', 'attribute_edit')"
_SEEN = f"""(d.role IN ('depicted', 'bystander', 'donor')
              OR (d.role = 'target' AND e.manipulation_type IN {_MOVED}))"""
# What nobody calls manipulated is evidence like any other: an unlabelled dataset has nothing else.
_FAKE = """
SELECT e.sha256 FROM entries e
LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
WHERE e.state = 'present'
AND (e.manipulation_type NOT IN ('none', 'unknown') OR l.value = 'fake')
"""
# A face that was put on somebody else's footage: whose, or which.
_PUT_ON = f"""
SELECT e.sha256, d.subject_id, NULL AS footage
FROM entries e JOIN depictions d USING (media_id)
WHERE d.role = 'target' AND d.link_status <> 'rejected' AND e.state = 'present'
AND e.manipulation_type NOT IN {_MOVED}
UNION
SELECT e.sha256, NULL, f.sha256
FROM entries e
JOIN relations r ON r."left" = e.media_id AND r.relation = 'swap_target'
JOIN entries f ON f.media_id = r."right"
WHERE e.state = 'present' AND f.sha256 IS NOT NULL AND f.sha256 <> e.sha256
AND e.manipulation_type NOT IN {_MOVED}
ORDER BY ALL
"""

# What reviewers said of two faces.
_LINKS = """
SELECT "left", relation, "right" FROM relations
WHERE left_kind = 'face' AND relation IN ('same_person', 'different_people') ORDER BY ALL
"""

# Whoever an entry speaks of, in whatever role, and whether or not reviewers agree; and whether
# faces were sought in it by the model.
_NAMED = """
SELECT e.sha256, d.subject_id, bool_or(d.link_status <> 'rejected') AS held,
       bool_or(e.sha256 IN (SELECT sha256 FROM face_scans WHERE model_id = '{model_id}'))
           AS sought
FROM entries e JOIN depictions d USING (media_id)
WHERE e.state = 'present' GROUP BY ALL ORDER BY ALL
"""

# What tells copies of a picture, however it is turned.
_TURNS = """
SELECT c.sha256, c.pdq_dihedral FROM content c
WHERE c.pdq_dihedral IS NOT NULL AND c.sha256 IN (SELECT sha256 FROM faces) ORDER BY c.sha256
"""

# What manifests say of the one person that an entry shows.
_TOLD = f"""
SELECT DISTINCT min(d.subject_id) AS subject_id, min(e.extra) AS extra
FROM entries e JOIN depictions d USING (media_id)
WHERE d.link_status <> 'rejected' AND e.extra LIKE '%"{PREFIX}%'
GROUP BY e.media_id HAVING count(DISTINCT d.subject_id) = 1
ORDER BY ALL
"""


def identity_stage(
    *,
    model_id: str,
    default_threshold: float,
    default_strict: float,
    default_basis: str,
    false_match_rate: float,
) -> WholeStage:
    """Return the stage.

    Args:
        model_id: The face model; faces of other models are not compared.
        default_threshold: Cosine to fall back to when the evidence is too little.
        default_strict: The same for clusters that are tight.
        default_basis: Where these come from.
        false_match_rate: The rate of false matches to calibrate to.
    """
    parameters: dict[str, Any] = {
        "model": model_id,
        "false_match_rate": false_match_rate,
        "default_threshold": default_threshold,
        "default_strict": default_strict,
        "default_basis": default_basis,
    }
    reads = {
        "faces": f"""
            SELECT f.face_id, f.sha256, f.frame, f.track_id, f.judgeable,
                   {REPRESENTED_BY} AS stands,
                   f.sha256 IN ({_FAKE}) AS fake
            FROM faces f
            WHERE f.model_id = '{model_id}' ORDER BY f.face_id
        """,
        "seen": f"""
            SELECT DISTINCT e.media_id, e.sha256, d.subject_id
            FROM entries e LEFT JOIN depictions d
                ON d.media_id = e.media_id AND {_SEEN}
                AND d.link_status NOT IN ('rejected', 'disputed') AND d.not_visible IS NULL
            WHERE e.state = 'present' ORDER BY ALL
        """,
        "named": _NAMED.format(model_id=model_id),
        "put_on": _PUT_ON,
        "told": _TOLD,
        "links": _LINKS,
        "turns": _TURNS,
    }
    return WholeStage(
        name="identity",
        version=VERSION,
        reads=reads,
        recalls={
            "before": "SELECT * FROM resemblances ORDER BY ALL",
            "compared_before": "SELECT * FROM compared_names ORDER BY ALL",
        },
        work=lambda tables: _find(tables, parameters),
        writes=("identities", "resemblances", "compared_names"),
        parameters=parameters,
    )


def _find(tables: Tables, parameters: Mapping[str, Any]) -> dict[str, pa.Table]:
    # Compiled kernels load when there is something to do, not when a run only asks whether.
    from curate.identity.find import find_identities

    return find_identities(tables, parameters)
