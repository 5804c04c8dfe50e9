"""Advice: why most of what was rejected was, and what to do about it.

`advise` is pure: the same rejections give the same advice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.ingest.locators import SPLITS, authenticity
from curate.model.config import Config

REASONS = 3
_EXAMPLES = 3
# More names of folders than these stand for people or clips, and for no labels.
_LABELS = 6
# Files beside a dataset: that they are no entries says nothing of whether it was read right.
NO_ENTRIES = ("not-media", "litter", "table-not-read", "not-in-manifest")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
# What each reason asks for; {words} stands for the words that were found, as a list of TOML.
_FIXES = {
    "bad-label": "say in curate.toml which words mean real and which fake, for example "
    "`[ingest] real = {words}`, or `fake = {words}`",
    "bad-role": "correct the column `role`; `curate ingest --help` names the documentation",
    "bad-row": "check what parts the columns of the table, and its quotes",
    "bad-manipulation": "correct the column `manipulation`, or leave it out",
    "bad-date": "write instants as 2025-06-01 or 2025-06-01T12:00:00Z",
    "bad-archive": "copy the archive again: it ends early or is damaged",
    "no-path": 'name the column of the path in curate.toml: `[ingest.columns] path = "..."`',
    "no-media": "name the column that holds pictures, or ingest the files themselves",
    "outside-root": "name the folder that paths start from with `--media-root`, or what they "
    "begin with in curate.toml: `[ingest] strip = [\"...\"]`",
    "duplicate-row": "keep one row for each path",
    "remote": "put the files below the media root: nothing is fetched",
    "not-media": "nothing, if none of them is a picture or a video",
    "litter": "nothing: no dataset needs these files",
    "skipped": "nothing: the recipe says so",
    "not-in-metadata": "name the file in the dataset's list, or ingest the folder with "
    "`--layout folder`",
    "not-in-manifest": "give the file a row in the manifest, or ingest the folder with "
    "`--layout folder`",
    "no-fit": "change `pattern` in the recipe, or add one, so that it fits such paths",
    "unknown-value": "give the word a meaning in the recipe's `values`",
    "contradiction": "say in the recipe which is right: take the field out of `pattern` or the "
    "column out of `columns`",
    "not-joined": "check the column by which the recipe joins the list",
    "table-not-read": "name the table itself, `curate ingest PATH/TABLE`, or let "
    "`--write-recipe FILE.toml` write a recipe to read it by",
}  # fmt: skip
_OTHERWISE = "`curate status --rejections` lists each with its place"


@dataclass(frozen=True)
class Advice:
    """One reason for which rows or files became no entries.

    Attributes:
        reason: The reason, as a code.
        count: How many.
        found: What was found most often in the place of what was expected.
        fix: What to do.
    """

    reason: str
    count: int
    found: tuple[str, ...]
    fix: str


def advise(rejections: pa.Table) -> tuple[Advice, ...]:
    """Return the commonest reasons, the commonest first, with what to do.

    Args:
        rejections: A table of rejections.
    """
    counts = Counter(rejections["reason"].to_pylist())
    found = []
    for reason, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:REASONS]:
        rows = rejections.filter(pc.equal(rejections["reason"], reason))
        words = _words(rows["detail"])
        listed = "[" + ", ".join(f'"{word}"' for word in words[:1]) + "]"
        fix = _FIXES.get(reason, _OTHERWISE).replace("{words}", listed)
        found.append(Advice(reason, count, words, fix))
    return tuple(found)


def _words(details: pa.ChunkedArray) -> tuple[str, ...]:
    """Return the words that details quote first, the commonest first."""
    counts: Counter[str] = Counter()
    for item in pc.value_counts(details).to_pylist():
        if item["values"] is not None and (quoted := _QUOTED.search(item["values"])):
            counts[quoted[1]] += item["counts"]
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(word for word, _ in ordered[:_EXAMPLES])


def rejected_share(entries: int, counts: dict[str, int]) -> float:
    """Return the share of what a dataset lists that was rejected: 1 where nothing is an entry.

    >>> rejected_share(3, {"bad-label": 1, "not-media": 7}), rejected_share(0, {"not-media": 1})
    (0.25, 1.0)
    """
    if not entries:
        return 1.0 if counts else 0.0
    lost = sum(count for reason, count in counts.items() if reason not in NO_ENTRIES)
    return lost / (entries + lost)


def folder_words(locators: Iterable[str], config: Config) -> tuple[str, ...]:
    """Return the commonest names of the folders of files that say neither label nor split.

    Where there are many names they are no labels, and none is returned.

    >>> folder_words(["train/0/a.jpg", "train/1/b.jpg", "train/0/c.jpg"], Config())
    ('0', '1')
    """
    folders = Counter(locator.rpartition("/")[0] for locator in locators)
    counts: Counter[str] = Counter()
    for folder, count in folders.items():
        for part in filter(None, folder.split("/")):
            if part.casefold() not in SPLITS and authenticity(part, config) is None:
                counts[part] += count
    if len(counts) > _LABELS:
        return ()
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(part for part, _ in ordered[:_EXAMPLES])


def examples(tables: Mapping[str, pa.Table]) -> tuple[dict[str, Any], ...]:
    """Return the first entries with what is declared of them.

    Args:
        tables: What was listed, by table.
    """
    found = []
    for entry in tables["media"].slice(0, _EXAMPLES).to_pylist():
        mine = {
            name: tables[name].filter(pc.equal(tables[name][column], entry["media_id"])).to_pylist()
            for name, column in (
                ("labels", "media_id"), ("depictions", "media_id"), ("relations", "left"),
            )
        }  # fmt: skip
        columns = ("split", "method", "manipulation_type", "source_id", "group", "extra")
        said = {
            "label": next((row["value"] for row in mine["labels"]), None),
            "people": ", ".join(f"{p['subject_id']} as {p['role']}" for p in mine["depictions"]),
            **{name: entry[name] for name in columns},
            "relations": ", ".join(sorted({row["relation"] for row in mine["relations"]})),
        }
        found.append({"path": entry["locator"], "file": entry["status"],
                      **{name: value for name, value in said.items() if value}})  # fmt: skip
    return tuple(found)
