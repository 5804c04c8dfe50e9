"""Files of declared people against whose faces no other face was held.

Faces are held against one another by a run, and a file that is added, or named, afterwards is not
among those they were held against. Until the next run nobody knows whether a face is like one of
its people's.
"""

from __future__ import annotations

import pyarrow as pa

from curate.catalog.derived import derived
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries, create_withheld, stored_as

_UNCOMPARED = """
SELECT DISTINCT e.sha256
FROM entries e JOIN depictions d USING (media_id)
LEFT JOIN compared_names c ON c.sha256 = e.sha256 AND c.subject_id = d.subject_id
LEFT JOIN (
    SELECT DISTINCT s.sha256 FROM face_scans s
    JOIN stages g ON g.stage = 'faces' AND g.mark = s.stage AND g.model_id = s.model_id
) s ON s.sha256 = e.sha256
WHERE e.state = 'present' AND e.sha256 IS NOT NULL AND d.link_status <> 'rejected'
AND (c.sha256 IS NULL OR s.sha256 IS NULL)
ORDER BY ALL
"""
_INPUTS = stored_as(("entries", "compared_names", "depictions", "face_scans"))


def uncompared(catalog: Catalog, stages: pa.Table) -> pa.Table:
    """Return the contents that were not compared: rows of the view ``uncompared``.

    Args:
        catalog: The tables.
        stages: The view ``stages``: which scans count.
    """

    def make() -> dict[str, pa.Table]:
        connection = catalog.connect(*_INPUTS)
        create_withheld(connection)
        create_entries(connection)
        connection.register("stages", stages)
        return {"uncompared": connection.sql(_UNCOMPARED).to_arrow_table()}

    beside = repr(stages.to_pylist())
    return derived(catalog, "uncompared", _INPUTS, make, recipe=_UNCOMPARED, beside=beside)[
        "uncompared"
    ]
