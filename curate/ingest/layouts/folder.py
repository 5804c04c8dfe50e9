"""The folder layout: a tree of pictures and videos whose folders may name split, label, method.

``train/real/x.jpg`` is a real entry of split train; ``test/fake/Deepfakes/y.mp4`` a fake one made
by Deepfakes. Folders that say none of these are passed over. Where the settings say how paths name
people (``[ingest] subject``), each file that is named so declares who it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.ingest.layout import About
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import SPLITS, Rejected, authenticity, kind_of, not_media
from curate.ingest.patterns import compiled, subject_of
from curate.model.config import Config

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True)
class Place:
    """What the folders above a file say of it."""

    split: str | None = None
    label: str | None = None
    method: str | None = None
    raw: str | None = None


class FolderLayout:
    """Any folder of media."""

    name = "folder"
    about = About(
        title="A folder of media",
        shape="any folder that no other layout knows",
        reads=(
            (
                "every picture and video below it; folders called train, val, test or the like "
                "name the split, real, fake or the like the label, and the one below a fake's "
                "label the method"
            ),
        ),
        traps=(
            (
                "a file's own name says nothing of who is shown unless the settings say how "
                '([ingest] subject = "{name}_{n:d}.jpg"); what a fake was made from, a manifest '
                "must tell"
            ),
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is a folder."""
        return path.is_dir()

    def read(self, target: Target, into: Listing) -> None:
        """List every picture and video below the root; other files are rejected by name."""
        if target.config.subject:
            # A pattern that is none stops the listing before it begins.
            compiled(target.config.subject)
        places: dict[str, Place] = {}
        for locator in walk_files(target.root, into):
            folder = locator.rpartition("/")[0]
            if folder not in places:
                places[folder] = place_of(locator, target.config)
            with into.attempt(locator, locator=locator):
                self._add(locator, places[folder], target.config, into)

    def _add(self, locator: str, place: Place, config: Config, into: Listing) -> None:
        if kind_of(locator) == "unknown":
            if locator.lower().endswith(_TABLES):
                raise Rejected(
                    "table-not-read",
                    "a table, of which nothing is read here; name it itself, or call it "
                    "manifest.csv",
                )
            raise not_media(locator)
        entry = into.add(
            locator,
            locator,
            split=place.split,
            method=place.method,
            manipulation_type="none" if place.label == "real" else "unknown",
        )
        if place.label:
            into.label(entry, place.label, raw=place.raw)
        if config.subject and (subject := subject_of(config.subject, locator)) is not None:
            # What was done to a fake is not known, and so neither is the role of who is shown.
            into.depict(entry, subject, "unknown" if place.label == "fake" else "depicted")


def place_of(locator: str, config: Config) -> Place:
    """Return what the folders above a file say, read from the root down.

    >>> place_of("train/fake/FaceSwap/x.jpg", Config())
    Place(split='train', label='fake', method='FaceSwap', raw='fake')
    """
    split = label = method = raw = None
    for part in locator.split("/")[:-1]:
        word = authenticity(part, config)
        if split is None and part.casefold() in SPLITS:
            split = SPLITS[part.casefold()]
        elif label is None and word:
            label, raw = word, part
        elif label == "fake" and method is None:
            method = part
    return Place(split, label, method, raw)
