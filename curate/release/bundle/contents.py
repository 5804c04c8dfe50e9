"""What a bundle says beside the audit's documents: settings, rules, and digests of what was judged.

Each digest says how it is made, so that whoever has the tables, the media or the tool can make it
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.audit.rule import Rule
from curate.catalog.memory import in_memory
from curate.report.appendix import MADE
from curate.report.facts import Facts
from curate.schema import resource_folder
from curate.version import TOOL

TABLES, TOOL_FILE = "digests/tables.json", "digests/tool.json"
SETTINGS, RULES, SARIF = "settings.json", "rules.json", "audit.sarif"
CHECKPOINT, PROOF = "ledger/checkpoint", "ledger/proof.json"

_TABLE_RECIPE = (
    "For each row SHA-256, in hex, of the row as DuckDB prints it as a STRUCT with TimeZone UTC; "
    "then SHA-256 over these lines in order, joined by newlines. Findings and verdicts are taken "
    "without run_id, and of runs those that made what was judged. The tables of hash lists and "
    "seals have one digest together, of theirs in the order of names, joined by newlines."
)
# How many rows each has would tell how few files are sealed, and what was done with them.
_SAFETY = ("custody", "hash_checks", "hash_lists", "hash_matches")
_MEDIA_RECIPE = (
    "SHA-256 over a line for each entry judged, in the order of media_id: media_id, a blank, the "
    "SHA-256 of its file or '-', and a newline, as entries.csv has them."
)
_TOOL_RECIPE = (
    "SHA-256 over a line for each file of the package, its schemas and its templates, in the order "
    "of paths: the file's SHA-256, two blanks, its path, and a newline."
)


def table_digests(tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Return the number of rows and a digest of each table, whatever the order of its rows.

    Args:
        tables: The tables that the audit read, with its findings and verdicts.
    """
    found: dict[str, Any] = {}
    with in_memory() as connection:
        for name in sorted(tables):
            table = tables[name]
            if name in ("findings", "verdicts"):
                table = table.drop_columns(["run_id"])
            connection.register("one", table)
            only = f"WHERE {MADE}" if name == "runs" else ""
            rows, digest = connection.execute(
                f"""SELECT count(*), sha256(coalesce(string_agg(line, chr(10) ORDER BY line), ''))
                FROM (SELECT sha256(CAST(one AS VARCHAR)) AS line FROM one {only})"""
            ).fetchall()[0]
            connection.unregister("one")
            found[name] = {"rows": rows, "sha256": digest}
    told = {name: one for name, one in found.items() if name not in _SAFETY}
    held = "\n".join(found[name]["sha256"] for name in _SAFETY if name in found)
    told["safety"] = {"sha256": hashlib.sha256(held.encode()).hexdigest()}
    return {"recipe": _TABLE_RECIPE, "tables": told}


_MEDIA = """
SELECT v.media_id, coalesce(e.sha256, '-') AS sha256
FROM verdicts v LEFT JOIN (
    SELECT * FROM entries WHERE sha256 NOT IN (SELECT sha256 FROM hash_matches)
) e USING (media_id) ORDER BY v.media_id
"""


def media_list(facts: Facts) -> dict[str, Any]:
    """Return how many entries were judged, and a digest of the list of them and their files."""
    rows, digest = 0, hashlib.sha256()
    for batch in facts.batches(_MEDIA):
        rows += len(batch)
        digest.update(media_lines((row["media_id"], row["sha256"]) for row in batch))
    return {"recipe": _MEDIA_RECIPE, "entries": rows, "sha256": digest.hexdigest()}


def media_lines(rows: Iterable[tuple[str, str]]) -> bytes:
    """Return the lines of a media list of entries, each with the SHA-256 of its file or ``-``."""
    return "".join(f"{media} {sha256}\n" for media, sha256 in rows).encode()


def tool_digest() -> dict[str, Any]:
    """Return the tool's name and version, and a digest of the code that ran."""
    lines = []
    for name, folder, pattern in (
        ("curate", Path(__file__).resolve().parents[2], "*.py"),
        ("schemas", resource_folder("schemas"), "*.json"),
        ("reports", resource_folder("reports"), "*"),
    ):
        for path in folder.rglob(pattern):
            if path.is_file() and "__pycache__" not in path.parts:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                lines.append((f"{name}/{path.relative_to(folder).as_posix()}", digest))
    text = "".join(f"{digest}  {path}\n" for path, digest in sorted(lines))
    return {
        "tool": TOOL, "recipe": _TOOL_RECIPE, "files": len(lines),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip


def rule_set(rules: Iterable[Rule], version: str) -> dict[str, Any]:
    """Return the rules that were applied, each as it is explained."""
    return {"ruleset": version, "rules": [
        {"code": rule.code, "symbol": rule.symbol, "effect": str(rule.effect), "title": rule.title,
         "explanation": rule.explanation, "basis": rule.basis, "remedy": rule.remedy}
        for rule in rules
    ]}  # fmt: skip


def policy_sha256(policy: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the settings that verdicts depend on, as the audit's page names it."""
    return hashlib.sha256(json.dumps(policy, sort_keys=True, default=str).encode()).hexdigest()
