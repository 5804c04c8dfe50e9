"""Write the parts of the documentation that are derived from code; --check says what drifted.

``docs/rules/CODE.md`` for each rule, ``docs/reference.md`` from the lists of what there is,
``docs/layouts.md`` from the layouts and the registry of known datasets, ``docs/manifest.md`` and
``docs/consent-columns.md`` from their schemas, and the blocks of README.md between
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from curate.audit.explain import explain_rule
from curate.audit.questions import QUESTIONS
from curate.audit.rule import FAMILIES, Rule
from curate.audit.rules import EVERY_RULE
from curate.faces.analyzer import KINDS as ANALYZERS
from curate.ingest.layouts import LAYOUTS
from curate.media.hash_kinds import KINDS as HASHES
from curate.media.hash_kinds import HashKind
from curate.media.sniff import FORMATS
from curate.model.known_datasets import Known, known_datasets
from curate.release.export.formats import NAMES as RELEASE_FORMATS
from curate.safety.formats import FORMS as LIST_FORMS
from curate.schema import json_schema, resolved
from curate.signals.places import table as place_table
from curate.verbs.run import EXTRA_OF, STAGES

ROOT = Path(__file__).resolve().parent.parent
_PLACEHOLDER = re.compile(r"{[^}]*}")
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> dict[str, str]:
    """Return every derived page by its path from the root."""
    found = {f"docs/rules/{rule.code}.md": rule_page(rule) for rule in EVERY_RULE}
    found["docs/rules/README.md"] = f"# Rules\n\n{rule_table(prefix='')}"
    found["docs/layouts.md"] = layouts_page()
    found["docs/reference.md"] = reference_page()
    found["docs/manifest.md"] = columns_page("manifest")
    found["docs/consent-columns.md"] = columns_page("consent_row")
    for name in ("docs/clearance.md", "docs/signals.md"):
        page = (ROOT / name).read_text(encoding="utf-8")
        found[name] = _BLOCK.sub(lambda m: m[1] + BLOCKS[m[2]]() + m[3], page)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found["README.md"] = _BLOCK.sub(lambda m: m[1] + BLOCKS[m[2]]() + m[3], readme)
    return found


_WORDS = {
    "format": "its format",
    "mode": "its mode",
    "manipulation_type": "manipulation of this kind",
}


def _stands_for(place: re.Match[str]) -> str:
    """Return what a page says in the place of one entry's fact: a number, mostly."""
    return _WORDS.get(place[0].strip("{}").partition(":")[0], "N")


def question_list() -> str:
    """Return each question: what raises it, who answers it, on which bases, and what is missing."""
    lines: list[str] = []
    for one in QUESTIONS:
        lines += [
            f"### {one.name}: {one.asks}",
            "",
            f"- Raised by: {one.raised_by}.",
            f"- Who can answer it: {one.who}.",
            f"- Bases that an answer can have: {', '.join(one.possible)}.",
            "- It is open where:",
            *(f"  - {_PLACEHOLDER.sub(_stands_for, gap.sentence)}." for gap in one.gaps),
            "",
        ]
    return "\n".join(lines)


def rule_page(rule: Rule) -> str:
    """Return the page of one rule."""
    title, _, *lines = explain_rule(rule)
    return f"# {title}\n\n" + "\n".join(lines) + f"\n\nMessage: `{rule.message}`\n"


def rule_table(prefix: str = "docs/rules/") -> str:
    """Return a table of all rules, by family."""
    lines = ["| code | symbol | effect | what is wrong |", "|---|---|---|---|"]
    lines += [
        f"| [{r.code}]({prefix}{r.code}.md) | {r.symbol} | {r.effect} | {r.title} |"
        for r in EVERY_RULE
    ]
    return "\n".join(lines) + "\n"


def family_table() -> str:
    """Return a table of the families and how many rules each has."""
    lines = ["| family | about | rules |", "|---|---|---|"]
    for code, about in FAMILIES.items():
        count = sum(rule.family == code for rule in EVERY_RULE)
        lines.append(f"| {code} | {about} | {count} |")
    return "\n".join(lines) + "\n"


def reference_page() -> str:
    """Return the page that lists what there is of each kind of thing."""
    lines = ["# What Curate knows", "", _REFERENCE_INTRO, ""]
    lines += ["## Stages", "", "`curate run [STAGE...]` runs them in this order.", "",
              "| stage | needs |", "|---|---|"]  # fmt: skip
    lines += [f"| {name} | {_extra(name)} |" for name in STAGES]
    lines += ["", "## Face analyzers", "", "`[faces] analyzer` in `curate.toml` names one.", ""]
    lines += [f"- `{name}`" for name in ANALYZERS]
    lines += ["", "## Media formats", "", "What decides is how a file begins, not its name.", "",
              "| format | kind | MIME type | usual endings |", "|---|---|---|---|"]  # fmt: skip
    lines += [f"| {f.name} | {f.kind} | {f.mime} | {', '.join(f.extensions)} |" for f in FORMATS]
    lines += ["", "## Hashes", "", _HASHES_INTRO, "",
              "| name | what it is | bits | a match within | a person decides within | in lists |",
              "|---|---|---|---|---|---|"]  # fmt: skip
    lines += [_hash_row(kind) for kind in HASHES]
    lines += ["", "## Forms of hash lists", "", "`curate lists add --form NAME` names one.", ""]
    lines += [f"- `{name}`" for name in LIST_FORMS]
    lines += ["", "## Formats of releases", "",
              "`curate release build --format NAME` names one or more.", ""]  # fmt: skip
    lines += [f"- `{name}`" for name in RELEASE_FORMATS]
    lines += ["", "## Layouts and rules", "",
              "See [layouts.md](layouts.md) and [rules](rules/README.md)."]  # fmt: skip
    return "\n".join(lines) + "\n"


def _extra(stage: str) -> str:
    extra = EXTRA_OF.get(stage)
    return f"`curate[{extra}]`" if extra else "nothing more"


def _hash_row(kind: HashKind) -> str:
    distance = ("equal", "never") if kind.exact else (
        (f"{kind.radius} bits", f"{kind.near} bits") if kind.listed else ("not compared", "never")
    )  # fmt: skip
    listed = "yes" if kind.listed else "no"
    return f"| `{kind.name}` | {kind.title} | {8 * kind.size} | {' | '.join(distance)} | {listed} |"


_REFERENCE_INTRO = """\
This page lists the stages, analyzers, formats and hashes that Curate has. It is generated from the
code, so it is complete."""

_HASHES_INTRO = """\
Hashes of the bytes are computed while a file is read, and compared for equality. Hashes of the
looks are computed from the decoded picture, and compared by the number of bits that differ."""


def layouts_page() -> str:
    """Return the page of all layouts, and of the datasets that the registry knows."""
    lines = ["# Layouts", "", _LAYOUTS_INTRO, "", "| layout | for | chosen by `auto` for |",
             "|---|---|---|"]  # fmt: skip
    lines += [f"| [{x.name}](#{x.name}) | {x.about.title} | {x.about.shape} |" for x in LAYOUTS]
    for layout in LAYOUTS:
        about = layout.about
        lines += ["", f"## {layout.name}", "", f"{about.title}.", "", "What is read:", ""]
        lines += [f"- {line}" for line in about.reads]
        if about.datasets:
            lines += ["", "What it claims about consent:", ""]
            lines += [f"- {_claim(known_datasets()[name])}" for name in about.datasets]
        lines += ["", "Traps:", "", *(f"- {line}" for line in about.traps)]
    lines += ["", "## Media roots", "", _ROOTS]
    lines += ["", "## Known datasets", "", _KNOWN_INTRO, "",
              "| source | status | people agreed | claim | terms | licence | by |",
              "|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += [_known_row(known) for known in known_datasets().values()]
    return "\n".join(lines) + "\n"


_LAYOUTS_INTRO = """\
`curate ingest PATH` reads a dataset as it lies on disk. `--layout auto` takes the first layout
below that recognises the path; `--layout NAME` takes one by name. A layout works with all of the
media, with part of them, or with the metadata alone: what is declared and not there is an entry
with status missing, and can be audited and linted all the same. A name that does not parse is a
rejection with its place and reason (`curate status --rejections`), and never a guess. Who is in
an entry by the convention of names is proposed, and needs someone to confirm it."""

_ROOTS = """\
The media may lie in a folder, in a tar or zip, or wherever fsspec opens files:

```sh
curate ingest Celeb-DF-v2.zip                            # a zip is read like the folder it was
curate ingest zip://inner/folder::set.zip                # from a folder within it
curate ingest list.csv --media-root shard.tar            # paths of a list start in the archive
curate ingest splits/ --media-root https://host/media    # or on a server
curate ingest s3://bucket/media                          # or in a bucket, which is listed
```

Every layout reads them: it is shown an outline in which lists are whole and media are empty files
of the right length. Shards and tables within such a root are not entered. Nothing is fetched until
`curate run` reads a file, and then once for each stage that looks at it. What a server says is not
there is missing; what it does not give is unreadable, with what it said. An address may hold no
credentials: it is kept in the catalogue, and fsspec takes them from its own settings. `https://`
and others need `curate[remote]`, `s3://` needs `curate[s3]`. Only a root that you
name is reached."""

_KNOWN_INTRO = """\
`schemas/known_datasets.json` holds what is known of published datasets, each with its references.
It is part of the tool, and not of your ledger: an audit joins it to the sources that entries name.
What you record of a source stands, but for what is stricter here: a withdrawn dataset is withdrawn
whatever anyone recorded. A dataset that is called like a withdrawn one is taken for it (SRC001).
Standing tells the makers' own words (primary) from somebody else's (secondary) and from common
knowledge that was not read again (background)."""


def _claim(known: Known) -> str:
    said, people = known.said, {"yes": "all agreed", "in_part": "some agreed", "no": "nobody is "
            "on record as having agreed", "unknown": "not known"}  # fmt: skip
    quoted = f"“{said['consent_statement']}”; " if "consent_statement" in said else ""
    note = f"; {said['note']}" if "note" in said else ""
    return (
        f"`{known.source_id}`: `{said['consent_claim']}` ({quoted}of the people shown, "
        f"{people[said['rights_cleared']]}){note}"
    )


def _known_row(known: Known) -> str:
    said = known.said
    since = f" since {said['status_since']}" if "status_since" in said else ""
    told = "; ".join(f"{r['where']} ({r['standing']})" for r in said["references"])
    terms = ", ".join(said["terms_flags"]) if "terms_flags" in said else "not read"
    return (
        f"| `{known.source_id}` | {said['status']}{since} | {said['rights_cleared']} "
        f"| {said['consent_claim']} | {terms} | {said.get('licence', '')} | {told} |"
    )


def columns_page(name: str) -> str:
    """Return the page of a file that people write."""
    schema = json_schema(name)
    required = set(schema["required"])
    lines = [f"# {schema['title']}", "", schema["description"], "",
             "| column | required | what it says | for example |", "|---|---|---|---|"]  # fmt: skip
    for column, declared in schema["properties"].items():
        spec = resolved(declared)
        said = spec["description"]
        must = "yes" if column in required else ""
        lines.append(f"| `{column}` | {must} | {said} | `{_example(spec)}` |")
    return "\n".join(lines) + "\n"


def _example(spec: dict[str, Any]) -> str:
    value = spec["examples"][0]
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


BLOCKS = {
    "rules": rule_table,
    "families": family_table,
    "questions": question_list,
    "places": place_table,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check tell which differ and return 1."""
    drifted = []
    for name, text in pages().items():
        path = ROOT / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        drifted.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    wanted = {f"{rule.code}.md" for rule in EVERY_RULE} | {"README.md"}
    stray = [p for p in (ROOT / "docs" / "rules").glob("*.md") if p.name not in wanted]
    for path in stray:
        drifted.append(f"{path.relative_to(ROOT)} (no such rule)")
        if "--check" not in arguments:
            path.unlink()
    if drifted and "--check" in arguments:
        sys.stderr.write("out of date, run `make docs`:\n  " + "\n  ".join(drifted) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
