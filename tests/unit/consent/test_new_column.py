"""A column that is declared in the schema arrives everywhere, without a line of code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from curate.schema import resource_folder

# Runs in a process of its own: what is read from schemas is kept for the life of a process.
SCRIPT = """
import json, sys
from pathlib import Path
import curate.schema as schema

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
real = schema.resource_folder
schema.resource_folder = lambda name: folder if name == "schemas" else real(name)

import curate
from curate.verbs.consent import export_record

def consents(project):
    return project.ledger.read("consents").select(["consent_id", "handling"]).to_pylist()

first = curate.init(out / "first")
first.import_statements(out / "subjects.csv")
first.import_statements(out / "consents.csv")
record = export_record(first.context, "c1", gdpr=False)
(out / "record.json").write_text(json.dumps(record))

second = curate.init(out / "second")
second.import_statements(out / "subjects.csv")
second.import_statements(out / "record.json")

from curate.consent.coverage_steps import TERMS
print(json.dumps({
    "first": consents(first), "second": consents(second), "record": record,
    "terms": "handling" in TERMS,
}))
"""


def test_an_invented_column_is_read_written_and_judged(tmp_path: Path) -> None:
    """From a spreadsheet to the ledger, to linked data and back, and into coverage."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    for path in resource_folder("schemas").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    declared = json.loads((folder / "consents.schema.json").read_text(encoding="utf-8"))
    declared["properties"]["handling"] = {
        "type": "array", "items": {"type": "string", "enum": ["watched", "locked"]},
        "description": "How it must be handled.", "examples": [["locked"]],
        "x-row": "handling", "x-judged": "terms", "x-term": "curate:handling",
    }  # fmt: skip
    (folder / "consents.schema.json").write_text(json.dumps(declared), encoding="utf-8")
    (tmp_path / "subjects.csv").write_text("subject,subject_kind\nana,adult\n", encoding="utf-8")
    (tmp_path / "consents.csv").write_text(
        "consent,subject,given_at,purposes,operations,roles,handling\n"
        "c1,ana,2026-01-01,train-detector,include,depicted,locked\n"
        "c2,ana,2026-01-01,train-detector,include,depicted,watched\n",
        encoding="utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {row["consent_id"]: row["handling"] for row in found["first"]} == {
        "c1": ["locked"], "c2": ["watched"],
    }  # fmt: skip
    assert [row["handling"] for row in found["second"]] == [["locked"]]
    assert found["terms"]
    assert "curate:handling" in json.dumps(found["record"])
