"""The Deepfake Detection Challenge: its parts, its labelled test set, and the preview."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, describe, relate_parents
from curate.ingest.layouts.documents import head, read_object
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import SPLITS, Rejected, kind_of
from curate.rows import read_rows

# Parts hold metadata.json, the preview dataset.json, and the labelled test set labels.csv.
_METADATA = re.compile(r'\s*\{\s*"[^"]+\.mp4"\s*:\s*\{[^}]*"label"\s*:\s*"(?:REAL|FAKE)"')
_PREVIEW = re.compile(r'\s*\{\s*"[^"]+/[^"]+\.mp4"\s*:\s*\{')
_LABELS = re.compile(r"\ufeff?filename,label\s")
_FORMS = {"metadata.json": _METADATA, "dataset.json": _PREVIEW, "labels.csv": _LABELS}
_LABEL = {"real": "real", "fake": "fake", "0": "real", "1": "fake"}
# Which of the two was put in and which replaced, the preview's fields do not say for certain.
_PEOPLE = ("target_id", "swapped_id")


class DFDCLayout:
    """Folders with metadata.json, or one such file alone."""

    name = "dfdc"
    about = About(
        title="DFDC and DFDC preview",
        shape="a `metadata.json` of file names with labels REAL and FAKE, here or in folders up "
        "to two levels down (`dfdc_train_part_N`); `dataset.json` of the preview; `labels.csv`",
        reads=(
            (
                "`metadata.json`: one entry per file name, beside it; `label`, `split`; `original` "
                "becomes `derived_from`"
            ),
            (
                "`dataset.json` of the preview: `label`, `set` as split, the first folder as "
                "method; `target_id` and `swapped_id` as subjects `dfdc-preview:<id>`"
            ),
            "`labels.csv` of the test set: 1 is fake",
        ),
        datasets=("dfdc", "dfdc-preview"),
        traps=(
            (
                "real files carry `original: null` in the sample and no `original` in the full "
                "set; both are read alike, and a real file with an original is rejected"
            ),
            (
                "`split` says train for every part: parts are no splits, and an original is "
                "looked for in the fake's own part"
            ),
            (
                "fakes may be swaps or altered voices: the metadata does not say, so what was "
                "done is unknown, and every fake needs review"
            ),
            (
                "the full set names no people. In the preview it is not "
                "told who of the two is the donor: their role is unknown"
            ),
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is or holds metadata of the challenge."""
        if path.is_file():
            return _form(path) is not None
        above = _folders(path)
        places = (path, *above, *(inner for folder in above for inner in _folders(folder)))
        return any(_form(place / name) for place in places for name in _FORMS)

    def read(self, target: Target, into: Listing) -> None:
        """List what the metadata names; media that it does not name are rejected.

        Raises:
            InvalidFileError: A metadata file is no JSON object or table.
        """
        reading = _Reading(into, target)
        others = []
        for locator in self._files(target, into):
            if _form(target.root / locator):
                reading.metadata(locator)
            else:
                others.append(locator)
        for locator in others:
            if not into.lists(locator) and locator not in reading.refused:
                media = kind_of(locator) != "unknown"
                reason = "not-in-metadata" if media else "not-media"
                detail = "no metadata names this file" if media else "this is no picture or video"
                into.reject(locator, reason, detail, locator=locator)

    def _files(self, target: Target, into: Listing) -> list[str]:
        if target.path.is_dir():
            return list(walk_files(target.root, into))
        return [target.path.resolve().relative_to(target.root).as_posix()]


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(item for item in path.iterdir() if item.is_dir())
    except OSError:
        return []


def _form(path: Path) -> str | None:
    """Return which kind of metadata file this is, or None."""
    form = _FORMS.get(path.name)
    return path.name if form and path.is_file() and form.match(head(path)) else None


@dataclass
class _Reading:
    """One pass over a dataset."""

    into: Listing
    target: Target
    refused: set[str] = field(default_factory=set)
    """Locators that metadata name, and that are told of already."""

    def metadata(self, locator: str) -> None:
        """List what one metadata file names."""
        path, (above, _, name) = self.target.root / locator, locator.rpartition("/")
        folder = f"{above}/" if above else ""
        if name == "labels.csv":
            self._labels(path, folder)
            return
        add = self._full if name == "metadata.json" else self._preview
        for file, said in read_object(path).items():
            self._row(f"{locator}: {file}", f"{folder}{file}", said, add)

    def _labels(self, path: Path, folder: str) -> None:
        for row in read_rows(path):
            place = f"{folder}{row.place}"
            if row.problem:
                self.into.reject(place, "bad-row", row.problem)
                continue
            said = {"label": str(row.values.get("label")), "split": "test"}
            self._row(place, f"{folder}{row.values.get('filename', '')}", said, self._full)

    def _row(self, place: str, locator: str, said: Any, add: Callable[..., None]) -> None:
        with self.into.attempt(place, locator=locator):
            self.refused.add(locator)
            if not isinstance(said, dict):
                raise Rejected("bad-row", "expected an object with a label")
            label = _LABEL.get(str(said.get("label")).casefold())
            if label is None:
                raise Rejected("bad-label", f"label {said.get('label')!r}; expected REAL or FAKE")
            if kind_of(locator) != "video":
                raise Rejected("bad-name", f"{locator!r} is no name of a video")
            add(place, locator, label, said)

    def _full(self, place: str, locator: str, label: str, said: dict[str, Any]) -> None:
        original = said.get("original")
        if original is not None and (label == "real" or not isinstance(original, str)):
            raise Rejected("label-conflict", f"{label} with original {original!r}")
        above, _, name = locator.rpartition("/")
        clip = Clip(name.rpartition(".")[0], label, "none" if label == "real" else "unknown",
                    target=original, basis="metadata.json")  # fmt: skip
        entry = self._add(place, locator, clip, "dfdc", said, said.get("split"))
        relate_parents(
            entry, clip, self.into, locate=lambda parent: f"{above}/{parent}" if above else parent
        )

    def _preview(self, place: str, locator: str, label: str, said: dict[str, Any]) -> None:
        name = locator.rpartition("/")[2].rpartition(".")[0]
        method = None if label == "real" else str(place.rpartition(": ")[2]).partition("/")[0]
        clip = Clip(name, label, "none" if label == "real" else "face_swap", method)
        entry = self._add(place, locator, clip, "dfdc-preview", said, said.get("set"))
        for field_name in _PEOPLE:
            if (person := said.get(field_name)) not in (None, ""):
                self.into.depict(entry, f"dfdc-preview:{person}", "unknown")

    def _add(
        self, place: str, locator: str, clip: Clip, source: str, said: dict[str, Any], split: Any
    ) -> str:
        if split is not None and not isinstance(split, str):
            raise Rejected("bad-split", f"split {split!r} is no text")
        entry = self.into.add(
            place,
            locator,
            split=SPLITS.get(split.casefold(), split) if split else None,
            source_id=source,
            **clip.values,
        )
        describe(entry, clip, self.into, raw=str(said["label"]))
        return entry
