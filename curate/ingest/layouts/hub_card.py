"""The card of a hub's dataset: which of its files belong to which split.

The card is `README.md`, whose first lines are YAML; `configs` lists for each configuration its
`data_files`, and `dataset_info` what columns hold. See https://huggingface.co/docs/hub/datasets-manual-configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.ingest.listing import Listing
from curate.ingest.locators import SPLITS

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Card:
    """What a card says of splits and labels.

    Attributes:
        rules: Each split with the files that belong to it, in the order of the card.
        names: For a column of class labels the name of each number, where the card tells one.
    """

    rules: tuple[tuple[str, re.Pattern[str]], ...] = ()
    names: Mapping[str, list[str]] = field(default_factory=dict)

    def splits(self, locator: str) -> list[str]:
        """Return the splits of a file, each once."""
        return list(dict.fromkeys(name for name, files in self.rules if files.fullmatch(locator)))


def read_card(root: Path, into: Listing) -> Card:
    """Return what the card at a root says; one that cannot be read is kept as a rejection."""
    path = root / "README.md"
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return Card()
    front = _FRONT.match(text)
    if front is None:
        return Card()
    import yaml

    try:
        said = yaml.safe_load(front[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())
        into.reject("README.md", "bad-card", f"its first lines are not YAML: {problem}")
        return Card()
    if not isinstance(said, dict):
        return Card()
    return Card(tuple(_rules(_listed(said.get("configs")))), _names(said.get("dataset_info")))


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _names(said: Any) -> dict[str, list[str]]:
    """Return the names of classes by column; of a column that is told of in two ways, none.

    They stand as ``{dtype: {class_label: {names: {"0": real, "1": fake}}}}`` for each feature.
    """
    found: dict[str, list[list[str]]] = {}
    for info in said if isinstance(said, list) else [said]:
        for feature in _listed(info.get("features")) if isinstance(info, dict) else ():
            kind = feature.get("dtype") if isinstance(feature, dict) else None
            label = kind.get("class_label") if isinstance(kind, dict) else None
            names = label.get("names") if isinstance(label, dict) else None
            if isinstance(names, dict):
                names = [names.get(str(n), names.get(n)) for n in range(len(names))]
            if isinstance(names, list) and all(isinstance(one, str) for one in names):
                found.setdefault(feature.get("name"), []).append(names)
    return {column: told[0] for column, told in found.items()
            if isinstance(column, str) and all(one == told[0] for one in told)}  # fmt: skip


def _rules(configs: list[Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    for config in configs:
        if not isinstance(config, dict):
            continue
        folder = config.get("data_dir")
        folder = folder.strip("/") if isinstance(folder, str) else ""
        for split, pattern in _patterns(config.get("data_files")):
            whole = f"{folder}/{pattern}" if folder else pattern
            yield SPLITS.get(split.casefold(), split), _glob(whole)


def _patterns(said: Any) -> Iterator[tuple[str, str]]:
    """Yield each split with a pattern: a list of both, or a mapping from one to the other."""
    # Files without a split are all train to the library, which nobody declared.
    if isinstance(said, Mapping):
        named = list(said.items())
    elif isinstance(said, list):
        named = [(x.get("split"), x.get("path")) for x in said if isinstance(x, dict)]
    else:
        named = []
    for split, paths in named:
        for path in paths if isinstance(paths, list) else [paths]:
            if isinstance(split, str) and isinstance(path, str):
                yield split, path.removeprefix("./").lstrip("/")


def _glob(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: a star stays in its folder, two do not.

    >>> bool(_glob("data/train-*").fullmatch("data/train-0.parquet"))
    True
    >>> bool(_glob("*.parquet").fullmatch("data/a.parquet"))
    False
    """
    text = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\]|\{[^}]+\})", pattern):
        if part == "**/":
            text += "(?:.*/)?"
        elif part == "**":
            text += ".*"
        elif part == "*":
            text += "[^/]*"
        elif part == "?":
            text += "[^/]"
        elif part.startswith("[") and part.endswith("]"):
            inner = part[1:-1]
            text += f"[{'^' if inner[0] == '!' else ''}{re.escape(inner.lstrip('!'))}]".replace(
                r"\-", "-"
            )
        elif part.startswith("{") and part.endswith("}"):
            text += "(?:" + "|".join(re.escape(one) for one in part[1:-1].split(",")) + ")"
        else:
            text += re.escape(part)
    # A folder stands for all that is in it.
    return re.compile(text + "(?:/.*)?", re.DOTALL)
