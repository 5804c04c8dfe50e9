"""ForgeryNet's lists of images and videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, Frames, describe
from curate.ingest.layouts.documents import head, nearby, read_lines
from curate.ingest.listing import Listing, Target
from curate.ingest.locators import Rejected, kind_of, split_of

_CLASSES = r"(?P<binary>[01]) (?P<triple>[012]) (?P<class>\d|1[0-5])"
_IMAGE = re.compile(rf"(?P<name>\S+\.(?:jpe?g|png)) {_CLASSES}")
_VIDEO = re.compile(
    rf"(?P<parts>\d+) (?P<name>\S+)(?P<segments>(?: \d+ \d+ (?:fake|real|[01]))*) {_CLASSES}"
)
_HEADER = "image_name"


class ForgeryNetLayout:
    """Lists with three labels per line."""

    name = "forgerynet"
    about = About(
        title="ForgeryNet lists",
        shape="a text file, or a folder with one, of lines `<image> <0|1> <0-2> <0-15>`, or of "
        "`<n> <video> <segments> <0|1> <0-2> <0-15>`",
        reads=(
            (
                "each line: an entry; the first label is 1 for fake; the last becomes the method "
                "`forgerynet-<n>`"
            ),
            "the split: from the name of the list or of the folder it lies in",
            (
                "an image whose name begins with `frame`: `frame_of` its folder, an entry without "
                "a file; name the folder of the media with `--media-root`"
            ),
        ),
        datasets=("forgerynet",),
        traps=(
            "a video is fake if one of its segments is: its frames need not be",
            "which number stands for which method is in the paper, and not in the lists",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is such a list, or holds one."""
        return any(True for _ in _lists(path))

    def read(self, target: Target, into: Listing) -> None:
        """List the lines of every list.

        Raises:
            InvalidFileError: A list is no text.
        """
        frames = Frames(into)
        for file in _lists(target.path):
            # Folders of its lists are called such as `train_list`.
            split = split_of(file.name) or split_of(file.parent.name)
            for place, line in read_lines(file):
                if not line.startswith(_HEADER):
                    with into.attempt(place):
                        _line(place, line, split, into, frames)
        frames.complete()


def _lists(path: Path) -> Iterator[Path]:
    files = iter([path]) if path.is_file() else nearby(path)
    return (file for file in files if file.suffix == ".txt" and _looks_right(head(file)))


def _looks_right(text: str) -> bool:
    lines = [line.strip() for line in text.splitlines()[:3] if not line.startswith(_HEADER)]
    return bool(lines) and any(x.fullmatch(lines[0]) is not None for x in (_IMAGE, _VIDEO))


def _line(place: str, line: str, split: str | None, into: Listing, frames: Frames) -> None:
    found = _IMAGE.fullmatch(line) or _VIDEO.fullmatch(line)
    if found is None:
        raise Rejected("bad-row", f"{line!r} is no name with three labels")
    if "segments" in found.groupdict():
        segments = len(found["segments"].split()) // 3
        if segments != int(found["parts"]):
            raise Rejected("bad-row", f"{segments} segments; expected {found['parts']}")
    zeros = {found[label] == "0" for label in ("binary", "triple", "class")}
    if len(zeros) > 1:
        raise Rejected("label-conflict", f"labels {found['binary']}, {found['triple']} and "
                       f"{found['class']} are real and fake at once")  # fmt: skip
    real = zeros == {True}
    locator = found["name"]
    folder, _, name = locator.rpartition("/")
    method = None if real else f"forgerynet-{found['class']}"
    kind = "none" if real else "unknown"
    clip = Clip(folder or name, "real" if real else "fake", kind, method)

    def add(where_said: str, where: str, *, on_disk: bool = True) -> str:
        video = kind_of(where) == "unknown" or "segments" in found.groupdict()
        media: dict[str, Any] = {"kind": "video"} if video else {}
        entry = into.add(where_said, where, on_disk=on_disk, split=split,
                         source_id="forgerynet", **clip.values, **media)  # fmt: skip
        describe(entry, clip, into, raw=found["binary"])
        return entry

    def add_clip(where_said: str, where: str) -> None:
        add(where_said, where, on_disk=False)

    entry = add(place, locator)
    if folder and name.startswith("frame"):
        frames.add(entry, folder, add_clip, place=place, crop=False)
