"""Write the parts of the documentation that are derived from code; --check says what drifted.

``docs/rules/CODE.md`` for each rule, ``docs/manifest.md`` and ``docs/consent-columns.md`` from
their schemas, and the blocks of README.md between ``<!-- generated: NAME -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from curate.audit.explain import explain_rule
from curate.audit.rule import FAMILIES, Rule
from curate.audit.rules import ALL_RULES
from curate.schema import json_schema

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> dict[str, str]:
    """Return every derived page by its path from the root."""
    found = {f"docs/rules/{rule.code}.md": rule_page(rule) for rule in ALL_RULES}
    found["docs/rules/README.md"] = f"# Rules\n\n{rule_table(prefix='')}"
    found["docs/manifest.md"] = columns_page("manifest")
    found["docs/consent-columns.md"] = columns_page("consent_row")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found["README.md"] = _BLOCK.sub(lambda m: m[1] + BLOCKS[m[2]]() + m[3], readme)
    return found


def rule_page(rule: Rule) -> str:
    """Return the page of one rule."""
    title, _, *lines = explain_rule(rule)
    return f"# {title}\n\n" + "\n".join(lines) + f"\n\nMessage: `{rule.message}`\n"


def rule_table(prefix: str = "docs/rules/") -> str:
    """Return a table of all rules, by family."""
    lines = ["| code | symbol | effect | what is wrong |", "|---|---|---|---|"]
    lines += [
        f"| [{r.code}]({prefix}{r.code}.md) | {r.symbol} | {r.effect} | {r.title} |"
        for r in ALL_RULES
    ]
    return "\n".join(lines) + "\n"


def family_table() -> str:
    """Return a table of the families and how many rules each has."""
    lines = ["| family | about | rules |", "|---|---|---|"]
    for code, about in FAMILIES.items():
        count = sum(rule.family == code for rule in ALL_RULES)
        lines.append(f"| {code} | {about} | {count} |")
    return "\n".join(lines) + "\n"


def columns_page(name: str) -> str:
    """Return the page of a file that people write."""
    schema = json_schema(name)
    required = set(schema["required"])
    lines = [f"# {schema['title']}", "", schema["description"], "",
             "| column | required | what it says | for example |", "|---|---|---|---|"]  # fmt: skip
    for column, spec in schema["properties"].items():
        said = spec.get("description", "") or _referred(spec)
        must = "yes" if column in required else ""
        lines.append(f"| `{column}` | {must} | {said} | `{_example(spec)}` |")
    return "\n".join(lines) + "\n"


def _referred(spec: dict[str, Any]) -> str:
    place, _, column = spec["$ref"].removeprefix("curate:").partition("#/properties/")
    found: str = json_schema(place)["properties"][column]["description"]
    return found


def _example(spec: dict[str, Any]) -> str:
    value = spec["examples"][0]
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


BLOCKS = {"rules": rule_table, "families": family_table}


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
    wanted = {f"{rule.code}.md" for rule in ALL_RULES} | {"README.md"}
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
