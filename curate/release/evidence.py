"""The evidence of a release: what it takes to reach the verdicts again, and no more.

For each item the rules that spoke of it and whether someone answers for the finding, what each
rule does to a verdict, and how reviewers decided. The facts behind a finding are not told, and no
digest of them either: they name people, and whoever guesses a name could check the guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from curate.audit.questions import BASIS_OF, LETTERS, NAMES, NOT_RAISED, OPEN, REVIEWED
from curate.audit.register import HEARD, heard_of
from curate.audit.rule import Rule
from curate.catalog.audits import Audited
from curate.catalog.memory import in_memory
from curate.model.instants import print_instant
from curate.model.verdict import Effect, Verdict
from curate.release.manifest import printed

VERDICTS = "verdicts.parquet"
FINDINGS = "evidence/findings.parquet"
REVIEWS = "evidence/reviews.parquet"
ANSWERS = "evidence/answers.parquet"
RULES = "evidence/rules.json"

_VERDICTS = pa.schema([
    ("media_id", pa.string()), ("verdict", pa.string()), ("codes", pa.list_(pa.string())),
    ("answers", pa.string()), ("decided_by", pa.string()),
])  # fmt: skip
_FINDINGS = pa.schema([("media_id", pa.string()), ("code", pa.string()), ("waived", pa.bool_())])
_REVIEWS = pa.schema([
    ("media_id", pa.string()), ("reviewer", pa.int64()), ("verdict", pa.string()),
])  # fmt: skip

_ANSWERS = pa.schema([
    ("media_id", pa.string()), ("question", pa.string()), ("basis", pa.string()),
])  # fmt: skip

# What each person says of this very evidence; which of an entry's reviewers each is, and not who.
_HEARD = f"""
SELECT media_id, row_number() OVER (PARTITION BY media_id ORDER BY person) AS reviewer,
       CASE WHEN blocks THEN 'blocked' ELSE 'cleared' END AS verdict
FROM ({HEARD.format(decisions="decided", asked="settled")}) WHERE blocks OR clears
ORDER BY media_id, reviewer
"""
_DECIDED = """
SELECT * FROM heard WHERE use = $use AND decided_at <= $as_of AND kind IS NULL
"""


def evidence_of(
    audited: Audited,
    released: pa.Array,
    rules: Iterable[Rule],
    ledger: Mapping[str, pa.Table],
    ruleset: str,
) -> dict[str, bytes]:
    """Return the files of evidence, by path.

    Args:
        audited: The audit that cleared the release.
        released: The ids of the entries that went out.
        rules: The rules that were applied.
        ledger: The ledger's ``decisions`` and ``reviewers``.
        ruleset: The version of the rules.
    """
    verdicts = _of(audited.verdicts, released)
    found = _of(audited.findings, released)
    told = found.select(["media_id", "code"]).append_column("waived", pc.is_valid(found["waiver"]))
    with in_memory() as connection:
        connection.register("told", told)
        heard = heard_of(
            ledger["decisions"], ledger["reviewers"],
            audience=audited.use.audience, as_of=audited.as_of,
        )  # fmt: skip
        connection.register("heard", heard)
        connection.register("decided", connection.sql(
            _DECIDED, params={"use": audited.use.name, "as_of": audited.as_of}
        ).to_arrow_table())  # fmt: skip
        settled = verdicts.filter(pc.not_equal(verdicts["decided_by"], "policy"))
        connection.register("settled", settled)
        findings = connection.sql(
            "SELECT media_id, code, bool_and(waived) AS waived FROM told GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()
        reviews = connection.sql(_HEARD).to_arrow_table()
    effects = {rule.code: {"effect": str(rule.effect), "title": rule.title} for rule in rules}
    said = {
        "ruleset": ruleset,
        "use": audited.use.name,
        "as_of": print_instant(audited.as_of),
        "rules": effects,
    }
    return {
        VERDICTS: _parquet(verdicts.select(_VERDICTS.names).cast(_VERDICTS)),
        FINDINGS: _parquet(findings.cast(_FINDINGS)),
        REVIEWS: _parquet(reviews.cast(_REVIEWS)),
        ANSWERS: _parquet(answers_of(verdicts)),
        RULES: printed(said),
    }


def answers_of(verdicts: pa.Table) -> pa.Table:
    """Return why each entry was cleared: its questions, each with the basis of its answer.

    Args:
        verdicts: Rows of ``verdicts``, sorted by entry.
    """
    rows = [
        {"media_id": media_id, "question": name, "basis": BASIS_OF.get(letter, "none")}
        for media_id, answers in zip(
            verdicts["media_id"].to_pylist(), verdicts["answers"].to_pylist(), strict=True
        )
        for name, letter in zip(NAMES, answers or "", strict=False)
        if letter != NOT_RAISED
    ]
    return pa.Table.from_pylist(rows, schema=_ANSWERS)


def replay(folder: Path, rules: Mapping[str, Any], released: set[str]) -> Iterator[tuple[str, str]]:
    """Reach the verdicts of a release again, and yield where they come out otherwise.

    Args:
        folder: The release.
        rules: What `RULES` says.
        released: The ids of its items.

    Yields:
        The file that is contradicted, and how.
    """
    effects = {code: said["effect"] for code, said in rules["rules"].items()}
    speaking: dict[str, set[str]] = {}
    blocked: set[str] = set()
    answered_for: set[str] = set()
    for row in parquet.ParquetFile(folder / FINDINGS).read().to_pylist():
        effect = effects.get(row["code"])
        if effect is None:
            yield FINDINGS, f"{row['media_id']}: no rule {row['code']} was applied"
        elif effect == Effect.BLOCK or (effect == Effect.REVIEW and not row["waived"]):
            speaking.setdefault(row["media_id"], set()).add(row["code"])
            blocked |= {row["media_id"]} if effect == Effect.BLOCK else set()
        elif row["waived"] and row["code"].startswith("SRC"):
            answered_for.add(row["media_id"])
    clears, blocks = _reviews(folder)
    seen: set[str] = set()
    for row in parquet.ParquetFile(folder / VERDICTS).read().to_pylist():
        media = row["media_id"]
        doubted = media in speaking or _was_open(row["answers"], media in answered_for)
        again = _verdict(media in blocked, doubted, clears.get(media, 0), blocks.get(media, 0))
        codes = sorted(speaking.get(media, ()))
        if again != (row["verdict"], row["decided_by"]) or codes != row["codes"]:
            found = f"{' by '.join(again)} {' '.join(codes)}".rstrip()
            yield VERDICTS, f"{media}: the evidence gives {found}"
        if OPEN in (row["answers"] or OPEN):
            yield VERDICTS, f"{media}: a question is not answered, and it went out"
        if row["verdict"] != Verdict.CLEARED:
            yield VERDICTS, f"{media}: {row['verdict']}, and it went out"
        if media in seen or media not in released:
            yield VERDICTS, f"{media}: told twice, or of what did not go out"
        seen.add(media)
    yield from ((VERDICTS, f"{media}: it went out without a verdict") for media in
                sorted(released - seen))  # fmt: skip


def _was_open(answers: str | None, waived: bool) -> bool:  # noqa: FBT001
    """Return whether reviewers answered a question, or nobody did.

    Args:
        answers: A letter for each question.
        waived: Whether all that was found of its source is waived, which answers its origin.
    """
    letters = dict(zip(NAMES, answers or "", strict=False))
    if waived and letters.get("origin") == LETTERS[REVIEWED]:
        del letters["origin"]
    return not letters or bool({OPEN, LETTERS[REVIEWED]} & set(letters.values()))


def _verdict(blocked: bool, doubted: bool, clears: int, blocks: int) -> tuple[str, str]:  # noqa: FBT001
    if blocked:
        return str(Verdict.BLOCKED), "policy"
    if blocks:
        return str(Verdict.BLOCKED), "reviewer"
    if not doubted:
        return str(Verdict.CLEARED), "policy"
    return (str(Verdict.CLEARED), "two_reviewers") if clears > 1 else (
        str(Verdict.NEEDS_REVIEW), "policy"
    )  # fmt: skip


def _reviews(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    counts: dict[str, dict[str, int]] = {"cleared": {}, "blocked": {}}
    for row in parquet.ParquetFile(folder / REVIEWS).read().to_pylist():
        if row["verdict"] in counts:
            said = counts[row["verdict"]]
            said[row["media_id"]] = said.get(row["media_id"], 0) + 1
    return counts["cleared"], counts["blocked"]


def _of(table: pa.Table, released: pa.Array) -> pa.Table:
    mine = table.filter(pc.is_in(table["media_id"], value_set=released))
    return mine.sort_by("media_id")


def _parquet(table: pa.Table) -> bytes:
    out = BytesIO()
    parquet.write_table(table.replace_schema_metadata(None), out, compression="zstd", version="2.6")
    return out.getvalue()
