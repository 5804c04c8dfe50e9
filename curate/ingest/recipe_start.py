"""A recipe to start from: what a folder's first list and its paths look like, as TOML.

What is not certain stands in a comment: the recipe that comes out claims nothing that the folder
does not say.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from curate.errors import InputError
from curate.ingest.layouts.documents import nearby, read_lines
from curate.ingest.locators import SPLITS, authenticity, is_litter, kind_of
from curate.model.config import Config
from curate.rows import SUFFIXES, read_rows
from curate.schema import json_schema

_ROWS = 1000
_FEW = 12
# What people call a manifest's columns.
_NAMES = {
    "label": ("label", "class", "target", "is_fake", "fake", "real", "authenticity", "y"),
    "split": ("split", "partition", "subset", "set", "fold", "phase"),
    "subject": ("subject", "identity", "person", "person_id", "actor", "speaker", "id", "name"),
    "method": ("method", "manipulation_method", "generator", "attack"),
    "group": ("group", "clip", "video", "session", "scene"),
    "derived_from": ("derived_from", "original", "parent"),
}


def starting_recipe(folder: Path, config: Config) -> str:
    """Return a recipe for a folder, as TOML with comments.

    Args:
        folder: The folder.
        config: The words that mean real and fake.
    """
    lines = [f"# How to read {json.dumps(folder.resolve().name)}: see docs/recipes.md."]
    lists = [found for path in nearby(folder) if (found := _sample(path)) is not None]
    if not lists:
        lines += ["", *_pattern(folder, config)]
    else:
        path, columns, rows = lists[0]
        lines += _of_list(folder, path, columns, rows, config)
        lines += _joins(folder, [path for path, _, _ in lists[1:]])
    lines += [
        "",
        "# What holds for every entry, for example where it comes from:",
        "# [set]",
        '# source = "..."',
    ]
    # Keys of the whole stand before the first table of TOML.
    return "\n".join(lines) + "\n"


def _sample(path: Path) -> tuple[Path, list[str], list[dict[str, Any]]] | None:
    """Return a list with its columns and first rows, None where a file is none."""
    if is_litter(path.name):
        return None
    try:
        if path.suffix.lower() in SUFFIXES:
            rows = [row.values for row in islice(read_rows(path), _ROWS)]
            columns = list(dict.fromkeys(name for row in rows for name in row))
            return (path, columns, rows) if len(columns) > 1 and _path(columns, rows) else None
        if path.suffix.lower() in (".txt", ".list", ".lst"):
            texts = [line.split() for _, line in islice(read_lines(path), _ROWS)]
            count = Counter(map(len, texts)).most_common(1)[0][0] if texts else 0
            columns = [f"column_{n + 1}" for n in range(count)]
            rows = [
                dict(zip(columns, cells, strict=True)) for cells in texts if len(cells) == count
            ]
            return (path, columns, rows) if _path(columns, rows) else None
    except InputError:
        return None
    return None


def _path(columns: list[str], rows: list[dict[str, Any]]) -> str | None:
    """Return the column that names media most often."""
    counts = {c: sum(kind_of(str(row.get(c, ""))) != "unknown" for row in rows) for c in columns}
    best = max(counts, key=lambda name: counts[name], default=None)
    return best if best is not None and counts[best] else None


def _joins(folder: Path, others: list[Path]) -> list[str]:
    """Return how further lists would be read, as comments: what they are for nobody knows."""
    lines = []
    for path in others[:_FEW]:
        lines += ["", "# A further list; joined by a column that both have:", "# [[lists]]",
                  f"# file = {_text(path.relative_to(folder).as_posix())}",
                  '# columns = ["...", "..."]', '# join = "..."']  # fmt: skip
    return lines


def _below(folder: Path, name: str) -> str:
    """Return the folder below which a list's path lies, with its slash; empty where unclear."""
    if kind_of(name) == "unknown" or (folder / name).exists():
        return ""
    found = {p.relative_to(folder).as_posix().removesuffix(name)
             for p in nearby(folder, depth=4) if p.as_posix().endswith(f"/{name}")}  # fmt: skip
    return found.pop() if len(found) == 1 else ""


def _of_list(
    folder: Path, path: Path, columns: list[str], rows: list[dict[str, Any]], config: Config
) -> list[str]:
    file = path.relative_to(folder).as_posix()
    bare = all(name.startswith("column_") for name in columns)
    lines = ["", "[[lists]]", f"file = {_text(file)}"]
    if bare:
        skip = 0 if kind_of(str(rows[0].get(_path(columns, rows) or "", ""))) != "unknown" else 1
        lines += [f"columns = {json.dumps(columns)}", *([f"skip = {skip}"] if skip else [])]
    else:
        lines.append(f"# its columns: {', '.join(columns)}".replace("\n", " "))
    taken = {"path": _path(columns, rows) or ""}
    for ours, theirs in _NAMES.items():
        match = next((c for c in columns if c.casefold() in theirs and c != taken["path"]), None)
        if match is not None and match not in taken.values():
            taken[ours] = match
    known = json_schema("manifest")["properties"]
    taken |= {c: c for c in columns if c in known and c not in taken and c not in taken.values()}
    lines.append("# for example: " + _text(" ".join(str(v) for v in rows[-1].values())))
    lines += ["", "# Which column says what: " + ", ".join(known), "[columns]"]
    above = _below(folder, str(rows[-1].get(taken["path"], "")))
    for ours, name in taken.items():
        inside = ours == "path" and above
        lines.append(f"{ours} = {_text(f'{above}{{{name}}}' if inside else name)}")
    for ours in ("label", "split"):
        if ours in taken:
            lines += _values(ours, [row.get(taken[ours]) for row in rows], config)
    return lines


def _values(ours: str, cells: list[Any], config: Config) -> list[str]:
    words = [w for w, _ in Counter(str(c) for c in cells if c is not None).most_common(_FEW)]
    means = {
        word: authenticity(word, config) if ours == "label" else SPLITS.get(word.casefold())
        for word in words
    }
    if not any(means.values()) and ours == "split":
        return []
    if all(means.values()):
        return []
    lines = ["", f"[values.{ours}]"]
    for word, meaning in means.items():
        said = f"{_text(word)} = "
        lines.append(f"{said}{_text(meaning)}" if meaning else f'# {said}"real" or "fake"'
                     if ours == "label" else f"{said}{_text(word)}")  # fmt: skip
    return lines


def _pattern(folder: Path, config: Config) -> list[str]:
    """Return a pattern for the commonest depth of media below a folder."""
    paths = [path.relative_to(folder).as_posix() for path in nearby(folder, depth=4)
             if kind_of(path.name) != "unknown" and not is_litter(path.name)]  # fmt: skip
    if not paths:
        return ['# pattern = ["{split}/{label}/{subject}_{_}"]']
    depth = Counter(path.count("/") for path in paths).most_common(1)[0][0]
    parts = []
    for level in range(depth):
        names = sorted({p.split("/")[level] for p in paths if p.count("/") == depth})
        words = "|".join(names) if len(names) <= _FEW else ""
        if all(name.casefold() in SPLITS for name in names):
            parts.append(f"{{split:{words}}}")
        elif any(authenticity(name, config) for name in names) and words:
            parts.append(f"{{label:{words}}}")
        else:
            parts.append("{_}")
    return [
        "# What each part of a path says: {subject}, {target}, {donor}, {group}, {method} ...",
        f"# for example {paths[0]}".replace("\n", " "),
        f"pattern = [{_text('/'.join([*parts, '{_}']))}]",
    ]


def _text(value: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)
