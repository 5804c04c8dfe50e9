"""What there is of each kind of thing stands in the help and in the docs, and nowhere is it stale.

Names of layouts, formats, analyzers, hashes and stages are written out in help texts, which are
read before anything heavy is imported. These tests hold them against the values themselves.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.audit.rules import EVERY_RULE
from curate.cli.main import app
from curate.faces.analyzer import KINDS as ANALYZERS
from curate.ingest.layouts import LAYOUTS
from curate.media.hash_kinds import KINDS as HASHES
from curate.media.hash_kinds import LISTED_KINDS
from curate.media.sniff import FORMATS
from curate.release.export.formats import NAMES as RELEASE_FORMATS
from curate.safety.formats import FORMS as LIST_FORMS
from curate.verbs.run import STAGES

ROOT = Path(__file__).parents[2]
HELP = (
    (("ingest",), "--layout", ["auto", *(layout.name for layout in LAYOUTS)]),
    (("run",), "stages", STAGES),
    (("lists", "add"), "--form", LIST_FORMS),
    (("lists", "add"), "--signal", [kind.name for kind in LISTED_KINDS]),
    (("release", "build"), "--format", RELEASE_FORMATS),
)
REFERENCE = {
    "stages": STAGES,
    "analyzers": ANALYZERS,
    "media formats": [one.name for one in FORMATS],
    "hashes": [one.name for one in HASHES],
    "list forms": LIST_FORMS,
    "release formats": RELEASE_FORMATS,
}


@pytest.mark.parametrize(
    ("command", "option", "names"), HELP, ids=lambda value: " ".join(value)[:40]
)
def test_help_names_all_there_are(
    command: tuple[str, ...], option: str, names: tuple[str, ...]
) -> None:
    """In the order in which they are tried or run."""
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).output
    # Borders of the table that the help is printed in stand between the words.
    words = re.findall(r"[A-Za-z0-9_-]+|--[a-z-]+", re.sub(r"[│╭╮╰╯─]", " ", shown))
    assert option in words
    missing = [name for name in names if name not in words]
    assert missing == []


@pytest.mark.parametrize("kind", REFERENCE)
def test_reference_page_names_all_there_are(kind: str) -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    missing = [name for name in REFERENCE[kind] if f"`{name}`" not in page
               and f"| {name} |" not in page]  # fmt: skip
    assert missing == []


def test_layouts_and_rules_have_their_pages() -> None:
    layouts = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")
    assert [one.name for one in LAYOUTS if f"## {one.name}\n" not in layouts] == []
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"README"}
    assert pages == {rule.code for rule in EVERY_RULE}


def test_contributing_names_files_that_exist() -> None:
    """No file that it names was moved or removed."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = [one for one in re.findall(r"`([\w./-]+)`", text) if "/" in one or "." in one]
    named = [one for one in named if not one.startswith((".venv", "stage."))]
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_architecture_names_files_that_exist() -> None:
    """Its table says where to find what, from the root of the checkout."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:curate|docs|reports|schemas|tests)/[\w./-]+)`", text)
    assert len(named) > 40
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_architecture_draws_the_import_contract() -> None:
    """Every room is in its place, and those that stand side by side are marked as such."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["name"] == "The house")
    wanted = [
        ("|" if "|" in layer else ":" if ":" in layer else " ", room)
        for layer in layers
        for room in re.findall(r"\w+", layer)
    ]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (drawing,) = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    assert re.findall(r"^([ |:]) (\w+) +\S", drawing, re.MULTILINE) == wanted
