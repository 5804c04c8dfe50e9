"""Files of declared people against whose faces no other face was held.

Faces are held against one another by a run, and a file that is added, or named, afterwards is not
among those they were held against. Until the next run nobody knows whether a face is like one of
its people's.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.derived import derived
from curate.catalog.tables import Catalog
from curate.catalog.views import create_withheld, stored_as

_UNCOMPARED = """
SELECT DISTINCT coalesce(e.sha256, e.media_id) AS about
FROM entries e JOIN depictions d USING (media_id)
LEFT JOIN compared_names c ON c.sha256 = e.sha256 AND c.subject_id = d.subject_id
LEFT JOIN (
    SELECT DISTINCT s.sha256 FROM face_scans s
    JOIN stages g ON g.stage = 'faces' AND g.mark = s.stage AND g.model_id = s.model_id
) s ON s.sha256 = e.sha256
WHERE e.state IN ('present', 'unseen') AND d.link_status <> 'rejected'
AND (c.sha256 IS NULL OR s.sha256 IS NULL)
ORDER BY ALL
"""
# Files that nobody is declared in may show anybody, too.
_UNSEARCHED = """
SELECT DISTINCT coalesce(e.sha256, e.media_id) AS about FROM entries e
WHERE e.state IN ('present', 'unseen') AND NOT EXISTS (
    SELECT 1 FROM face_scans s
    JOIN stages g ON g.stage = 'faces' AND g.mark = s.stage AND g.model_id = s.model_id
    WHERE s.sha256 = e.sha256
)
ORDER BY ALL
"""
_INPUTS = stored_as(("entries", "compared_names", "depictions", "face_scans"))


def uncompared(catalog: Catalog, stages: pa.Table) -> pa.Table:
    """Return the files that were not compared: rows of the view ``uncompared``.

    Args:
        catalog: The tables.
        stages: The view ``stages``: which scans count.
    """
    return _derived(catalog, stages)["uncompared"]


def unsearched(catalog: Catalog, stages: pa.Table) -> int:
    """Return of how many files it is not known whom they show: not searched, or not compared.

    Args:
        catalog: The tables.
        stages: The view ``stages``: which scans count.
    """
    made = _derived(catalog, stages)
    both = (made[name]["about"].combine_chunks() for name in ("uncompared", "unsearched"))
    return len(pc.unique(pa.concat_arrays(list(both))))


def _derived(catalog: Catalog, stages: pa.Table) -> dict[str, pa.Table]:
    def make() -> dict[str, pa.Table]:
        connection = catalog.connect(*_INPUTS)
        create_withheld(connection)
        connection.register("stages", stages)
        return {
            "uncompared": connection.sql(_UNCOMPARED).to_arrow_table(),
            "unsearched": connection.sql(_UNSEARCHED).to_arrow_table(),
        }

    recipe, beside = _UNCOMPARED + _UNSEARCHED, repr(stages.to_pylist())
    return derived(catalog, "uncompared", _INPUTS, make, recipe=recipe, beside=beside)
