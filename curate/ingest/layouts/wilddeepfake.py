"""WildDeepfake: face sequences cut from videos found on the internet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, Frames, describe
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import SPLITS, Rejected, kind_of, not_media

_FOLDER = re.compile(r"(real|fake)_(train|test|val|valid)")
_FILE = re.compile(
    r"(?:.+/)?(?P<label>real|fake)_(?P<split>train|test|val|valid)/(?P<video>[^/]+)"
    r"(?P<sequence>(?:/[^/]+)*)/[^/]+"
)
_ARCHIVES = (".tar", ".gz", ".tgz", ".zip")


class WildDeepfakeLayout:
    """Folders such as fake_train, unpacked."""

    name = "wilddeepfake"
    about = About(
        title="WildDeepfake",
        shape="a folder `real_train`, `fake_train`, `real_test` or `fake_test`",
        reads=(
            "`<label>_<split>/<video>/.../<n>.png`: a crop; label and split are the folder's",
            (
                "the folder of a sequence: an entry without a file, of which its pictures are "
                "`crop_of`; its video: `from_source` to `wilddeepfake:<label>_<split>/<video>`"
            ),
        ),
        datasets=("wilddeepfake",),
        traps=(
            (
                "the videos were found on the internet: nobody in them is known, asked, or told, "
                "and what was done to a fake is not known either"
            ),
            (
                "several sequences come from one video, and thousands of neighbouring frames from "
                "one sequence: only splits by video hold"
            ),
            "archives are rejected until they are unpacked",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` has one of the folders."""
        return path.is_dir() and any(
            _FOLDER.fullmatch(item.name) and item.is_dir() for item in path.iterdir()
        )

    def read(self, target: Target, into: Listing) -> None:
        """List the pictures and the sequences they are from."""
        frames = Frames(into)
        for locator in walk_files(target.root, into):
            with into.attempt(locator, locator=locator):
                _file(locator, into, frames)
        frames.complete()


def _file(locator: str, into: Listing, frames: Frames) -> None:
    if locator.casefold().endswith(_ARCHIVES):
        raise Rejected("archive", "this is an archive; unpack it beside itself")
    if kind_of(locator) == "unknown":
        raise not_media(locator)
    found = _FILE.fullmatch(locator)
    if found is None:
        raise Rejected("bad-place", "this lies in no folder of a sequence")
    inner = set(found["sequence"].split("/")) & {"real", "fake"}
    if inner - {found["label"]}:
        raise Rejected("label-conflict", f"{inner.pop()} lies below {found['label']}")
    folder = locator.rpartition("/")[0]
    kind = "none" if found["label"] == "real" else "unknown"
    clip = Clip(folder, found["label"], kind)

    def add(place: str, where: str, *, on_disk: bool = True) -> str:
        media: dict[str, Any] = {} if on_disk else {"kind": "video"}
        entry = into.add(place, where, on_disk=on_disk, split=SPLITS[found["split"]],
                         source_id="wilddeepfake", **clip.values, **media)  # fmt: skip
        describe(entry, clip, into, raw=found["label"])
        video = f"wilddeepfake:{found['label']}_{found['split']}/{found['video']}"
        into.relate(entry, "from_source", video, basis="folder name", right_kind="source")
        return entry

    def add_sequence(place: str, where: str) -> None:
        add(place, where, on_disk=False)

    frames.add(add(locator, locator), folder, add_sequence, place=folder, crop=True)
