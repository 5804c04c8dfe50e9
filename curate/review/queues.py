"""Queues: what waits for a person's eye, most severe and then longest waiting first.

A queue is made of the findings of the last audit and of nothing else. What reviewers settled is in
none while the evidence is what they saw, nor is what a waiver covers. Entries that are sealed
are in none ever: only states that are named here are handed out. Nor is what a hash list names
or is near to: whoever keeps the list says who may look at that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.errors import UnknownNameError


@dataclass(frozen=True)
class Queue:
    """A queue.

    Attributes:
        name: What it is called on the command line.
        title: What it is called on pages.
        question: What the reviewer is asked.
        codes: What the codes of findings that put an entry into it begin with.
    """

    name: str
    title: str
    question: str
    codes: tuple[str, ...]


NEEDS_REVIEW = Queue(
    "needs-review",
    "Needs review",
    "May this be used as it is, now that a person has looked?",
    ("",),
)
REJECTED = Queue(
    "rejected",
    "Rejected files",
    "Can the file or the row be mended, or must it go?",
    ("MED001", "MED002"),
)
QUEUES = (
    NEEDS_REVIEW,
    Queue("duplicates", "Duplicates to settle", "Which of the copies should stay?", ("DUP",)),
    Queue(
        "undeclared",
        "Undeclared people",
        "Who is shown here, and were they asked?",
        ("DEP001", "DEP002", "DEP004", "DEP013"),
    ),
    Queue(
        "identity",
        "Identity contradictions",
        "Is this the person whom the entry names?",
        ("IDN", "DEP008", "DEP009", "DEP010", "LAB008"),
    ),
    Queue(
        "labels",
        "Label contradictions",
        "Is the label true?",
        (*(f"LAB{n:03}" for n in range(1, 8)), "LAB009", "SPL014"),
    ),
    Queue("shortcuts", "Shortcuts", "Would a detector learn this instead of the fake?", ("SHC",)),
    Queue(
        "splits",
        "Split leaks",
        "Which of the splits should it stand in?",
        tuple(f"SPL{n:03}" for n in range(1, 10)),
    ),
    REJECTED,
)
BY_NAME = {queue.name: queue for queue in QUEUES}

# What may be handed out: an entry in any other state, such as one that is sealed, never is.
STATES = ("present", "unseen", "unreadable", "missing")
# What these found is for the desk that keeps the hash lists, and for no other eye.
WITHHELD = ("HSH001", "HSH002", "HSH006")

# An entry is blurred unless everybody shown is known and agreed: consent or depictions in doubt
# hide it, as do states of which nothing is known yet.
_MADE = """
WITH open AS (
    SELECT e.media_id, e.dataset, e.locator, e.root, e.sha256, e.kind, e.state, e.split,
           v.verdict, v.evidence
    FROM entries e JOIN verdicts v USING (media_id)
    WHERE e.state IN (SELECT state FROM states) AND v.decided_by = 'policy'
    AND e.media_id NOT IN (SELECT media_id FROM findings WHERE code IN (SELECT code FROM withheld))
),
hidden AS (
    SELECT DISTINCT media_id FROM findings WHERE code LIKE 'CON%' OR code LIKE 'DEP%'
),
found AS (
    SELECT f.*, w.queue, h.since,
           CASE f.effect WHEN 'block' THEN 0 WHEN 'review' THEN 1 ELSE 2 END AS severity
    FROM findings f
    JOIN wanted w ON starts_with(f.code, w.code)
    LEFT JOIN history h USING (finding_id)
    WHERE f.waiver IS NULL AND (w.queue <> $review OR f.effect <> 'none')
),
waiting AS (
    SELECT queue, media_id, min(severity) AS severity, min(since) AS since,
           list(DISTINCT code ORDER BY code) AS codes
    FROM found GROUP BY ALL
),
heard AS (
    SELECT d.media_id, list(d.reviewer || ': ' || d.verdict ORDER BY d.reviewer) AS said
    FROM (
        SELECT * FROM decisions WHERE use = $use AND kind IS NULL
        QUALIFY row_number() OVER (
            PARTITION BY media_id, reviewer ORDER BY decided_at DESC, decision_id DESC
        ) = 1
    ) d
    JOIN open o ON o.media_id = d.media_id AND o.evidence = d.evidence
    WHERE d.verdict <> 'undecided'
    GROUP BY d.media_id
),
listed AS (
    SELECT w.queue, o.*, w.severity, w.since, w.codes, coalesce(t.said, []) AS said,
           x.media_id IS NOT NULL AS blur, NULL::VARCHAR AS detail
    FROM waiting w
    JOIN open o USING (media_id)
    LEFT JOIN hidden x USING (media_id)
    LEFT JOIN heard t USING (media_id)
    WHERE w.queue <> $review OR o.verdict = 'needs_review'
    UNION ALL BY NAME
    SELECT $rejected AS queue, dataset, coalesce(locator, place) AS locator, 'rejected' AS state,
           2 AS severity, [] AS codes, [] AS said, true AS blur,
           place || ': ' || reason || coalesce(', ' || detail, '') AS detail
    FROM rejections
)
SELECT queue,
       row_number() OVER (
           PARTITION BY queue ORDER BY severity, since NULLS LAST, dataset, locator, media_id
       ) AS place,
       media_id, dataset, locator, root, sha256, kind, state, split, verdict, evidence,
       severity, since, codes, said, blur, detail
FROM listed JOIN orders USING (queue)
ORDER BY number, place
"""


def chosen(names: list[str] | None) -> tuple[Queue, ...]:
    """Return the queues that are named, all of them when None, in their order.

    Raises:
        UnknownNameError: There is no such queue.
    """
    if not names:
        return QUEUES
    for name in names:
        if name not in BY_NAME:
            known = ", ".join(BY_NAME)
            raise UnknownNameError(f"no queue is called {name!r}", hint=f"queues are: {known}")
    return tuple(queue for queue in QUEUES if queue.name in names)


def make_queues(
    tables: Mapping[str, pa.Table], use: str, queues: tuple[Queue, ...] = QUEUES
) -> pa.Table:
    """Return what waits in each queue, in the order in which to look at it.

    Args:
        tables: ``entries``, ``rejections`` and ``decisions``; ``findings`` and ``verdicts`` of one
            audit; and ``history`` with the first instant (``since``) of each ``finding_id``.
        use: The use that the audit judged for.
        queues: The queues to make.

    Returns:
        Queue, place in it from 1, the entry, severity (0 blocks, 1 needs review, 2 is told),
        since when it waits, the codes found, what reviewers said of this evidence, and whether it
        is to be shown blurred. A row that was rejected at ingest has no entry, and a detail.
    """
    connection = in_memory()
    for name in ("entries", "rejections", "decisions", "findings", "verdicts", "history"):
        connection.register(name, tables[name])
    wanted = [(queue.name, code) for queue in queues for code in queue.codes]
    connection.register("states", pa.table({"state": list(STATES)}))
    connection.register("withheld", pa.table({"code": list(WITHHELD)}))
    connection.register("wanted", pa.table({
        "queue": pa.array([name for name, _ in wanted], pa.string()),
        "code": pa.array([code for _, code in wanted], pa.string()),
    }))  # fmt: skip
    connection.register("orders", pa.table({
        "queue": [queue.name for queue in queues], "number": list(range(len(queues))),
    }))  # fmt: skip
    values = {"use": use, "review": NEEDS_REVIEW.name, "rejected": REJECTED.name}
    return connection.sql(_MADE, params=values).to_arrow_table()
