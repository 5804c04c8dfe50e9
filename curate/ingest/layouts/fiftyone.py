"""FiftyOne: a dataset as its own exporter writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError
from curate.ingest.layout import About
from curate.ingest.layouts.documents import head, read_object
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.listing import Listing, Target
from curate.ingest.locators import SPLITS, Rejected, authenticity
from curate.model.config import Config
from curate.rows import Row

_HEAD = re.compile(r'\s*\{\s*"samples"\s*:\s*\[')
_FILE = "samples.json"


class FiftyOneLayout:
    """A folder with samples.json and metadata.json."""

    name = "fiftyone"
    about = About(
        title="FiftyOne datasets",
        shape="a folder with `samples.json` and `metadata.json`, as the exporter of the type "
        "FiftyOneDataset writes",
        reads=(
            "each sample: an entry at its `filepath`; its first tag that names a split",
            (
                "its label: `ground_truth`, or else the one classification whose label the "
                "settings map to real or fake; texts and numbers in `extra`"
            ),
        ),
        traps=(
            (
                "a prediction is a classification too: where several fields name a label and none "
                "is `ground_truth`, the sample is rejected"
            ),
            "an export without its media keeps paths of the machine that wrote it",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` holds both files."""
        return (path / "metadata.json").is_file() and _HEAD.match(head(path / _FILE)) is not None

    def read(self, target: Target, into: Listing) -> None:
        """List every sample.

        Raises:
            InvalidFileError: The file is no JSON, or holds no list of samples.
        """
        file = target.path / _FILE
        samples = read_object(file).get("samples")
        if not isinstance(samples, list):
            raise InvalidFileError("expected a list of samples", where=str(file))
        names = {v: k for k, v in target.config.columns.items()}
        for number, sample in enumerate(samples):
            place = f"{_FILE}: samples[{number}]"
            with into.attempt(place):
                if not isinstance(sample, dict) or not isinstance(sample.get("filepath"), str):
                    raise Rejected("bad-row", "expected an object with a filepath")
                values = renamed(_values(sample, target.config), names)
                path = sample["filepath"].removeprefix(f"{target.root}/")
                add_row(Row(place, values | {"path": path}), target, into)


def _values(sample: dict[str, Any], config: Config) -> dict[str, Any]:
    """Return what a sample says, by column."""
    values = {
        k: v
        for k, v in sample.items()
        if isinstance(v, str | int | float | bool) and not k.startswith("_") and k != "filepath"
    }
    tags = [tag for tag in sample.get("tags") or () if isinstance(tag, str)]
    splits = [SPLITS[tag.casefold()] for tag in tags if tag.casefold() in SPLITS]
    if splits:
        values["split"] = splits[0]
    if (label := _label(sample, config)) is not None:
        values["label"] = label
    return values


def _label(sample: dict[str, Any], config: Config) -> str | None:
    """Return the word that labels a sample.

    Raises:
        Rejected: Several fields do, and none of them is the truth.
    """
    words = {
        name: field["label"]
        for name, field in sample.items()
        if isinstance(field, dict) and isinstance(field.get("label"), str)
    }
    if "ground_truth" in words:
        return words["ground_truth"]
    found = {name: word for name, word in words.items() if authenticity(word, config)}
    if len(found) > 1:
        raise Rejected("label-conflict", f"fields {', '.join(sorted(found))} all name a label")
    return next(iter(found.values()), None)
