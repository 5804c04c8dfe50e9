"""DeeperForensics-1.0: paid actors, swapped into the footage of FaceForensics++."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, Frames, Variants, describe, put_in_splits
from curate.ingest.layouts.documents import read_lines
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, not_media

_SWAPPED = re.compile(r"(\d{3})_([MW]\d{3})")
_RECORDED = re.compile(r"([MW]\d{3})_(?:light_[a-z]+_|BlendShape_)\w+")
_FAKE = re.compile(
    r"manipulated_videos/(?P<variant>end_to_end(?:_\w+)?|reenact_postprocess)/"
    r"(?:(?P<what>frames|faces|crops)/)?(?P<clip>[^/]+?)(?:/(?P<frame>[^/]+)|\.\w+)"
)
_REAL = re.compile(
    r"source_videos/(?:[^/]+/)*?(?:(?P<what>frames|faces|crops)/)?"
    r"(?P<clip>[MW]\d{3}_[^/.]+)(?:/(?P<frame>[^/]+)|\.\w+)"
)
_SPLITS = re.compile(r"(?:lists/)?splits/(train|val|test)\.txt")


def swapped_clip(name: str) -> Clip:
    """Return what the name of a manipulated video says.

    Raises:
        Rejected: It is no ``<target>_<actor>``.

    >>> swapped_clip("000_M004").people
    (('deeperforensics:M004', 'donor'),)
    """
    found = _SWAPPED.fullmatch(name)
    if found is None:
        raise Rejected("bad-name", f"{name!r} is no <target>_<source>, such as 000_M004")
    people = ((f"deeperforensics:{found[2]}", "donor"),)
    return Clip(name, "fake", "face_swap", "DF-VAE", people)


def recorded_clip(name: str) -> Clip:
    """Return what the name of a source video says.

    Raises:
        Rejected: It does not begin with an actor, and a light or ``BlendShape``.

    >>> recorded_clip("M004_light_uniform_happy_camera_front").people
    (('deeperforensics:M004', 'depicted'),)
    """
    found = _RECORDED.fullmatch(name)
    if found is None:
        raise Rejected("bad-name", f"{name!r} is no <actor>_light_... or <actor>_BlendShape_...")
    return Clip(name, "real", people=((f"deeperforensics:{found[1]}", "depicted"),))


class DeeperForensicsLayout:
    """The folders that the release unpacks to, or its lists alone."""

    name = "deeperforensics"
    about = About(
        title="DeeperForensics-1.0",
        shape="folders `manipulated_videos` with `end_to_end` or `reenact_postprocess`, or "
        "`source_videos` beside `lists`, or `lists/splits`",
        reads=(
            (
                "`manipulated_videos/<variant>/<target>_<actor>.mp4`: a swap; the variant is its "
                "compression; the actor is the donor, a subject `deeperforensics:M004`"
            ),
            (
                "the target is a sequence of FaceForensics++: `from_source` to "
                "`faceforensics++:<sequence>`, because the footage does not come with the dataset"
            ),
            "`source_videos/.../<actor>_....mp4`: real, the actor depicted",
            (
                "`lists/splits/*.txt`: the split of every variant of a video; where no video is "
                "there, the videos they name are missing entries of `end_to_end`"
            ),
            "one swap in several variants: `same_clip`; frames and crops as elsewhere",
        ),
        datasets=("deeperforensics-1.0",),
        traps=(
            (
                "the actors consented, as donors; the targets are people of 1,000 YouTube videos "
                "who were not asked, so no swap is covered by the dataset's statement"
            ),
            (
                "the source videos are not the real class of the benchmark: that is the footage of "
                "FaceForensics++, and trained on them a detector learns the studio"
            ),
            "`<source_id>` is the donor here",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` has the release's folders."""
        made = path / "manipulated_videos"
        if (made / "end_to_end").is_dir() or (made / "reenact_postprocess").is_dir():
            return True
        lists = path / "lists"
        return lists.is_dir() and ((lists / "splits").is_dir() or (path / "source_videos").is_dir())

    def read(self, target: Target, into: Listing) -> None:
        """List what is on disk, and what the splits name beyond it.

        Raises:
            InvalidFileError: A list is no text.
        """
        reading = _Reading(into)
        media = []
        for locator in walk_files(target.root, into):
            if split := _SPLITS.fullmatch(locator):
                reading.split(target.root / locator, split[1])
            elif not locator.startswith("lists/"):
                media.append(locator)
        for locator in media:
            with into.attempt(locator, locator=locator):
                reading.file(locator)
        reading.complete()


@dataclass
class _Reading:
    """One pass over a dataset."""

    into: Listing
    splits: dict[str, list[str]] = field(default_factory=dict)
    """The splits of each manipulated video."""
    places: dict[str, str] = field(default_factory=dict)
    variants: Variants = field(default_factory=Variants)

    def __post_init__(self) -> None:
        self.frames = Frames(self.into)

    def split(self, path: Path, split: str) -> None:
        """Read one of the three lists."""
        for place, line in read_lines(path):
            with self.into.attempt(place, locator=line):
                name = swapped_clip(line.rpartition("/")[2].removesuffix(".mp4")).name
                found = self.splits.setdefault(name, [])
                if split in found:
                    raise Rejected("duplicate-row", f"{name} is in {split} already")
                found.append(split)
                self.places.setdefault(name, place)

    def file(self, locator: str) -> None:
        """List a file."""
        if kind_of(locator) == "unknown":
            raise not_media(locator)
        found = _FAKE.fullmatch(locator) or _REAL.fullmatch(locator)
        if found is None or (found["what"] is None) != (found["frame"] is None):
            raise Rejected("bad-place", "this lies where the layout has no clips or frames")
        variant = found.groupdict().get("variant")
        clip = recorded_clip(found["clip"]) if variant is None else swapped_clip(found["clip"])
        if found["frame"] is None:
            self._clip(locator, locator, variant, clip)
            return
        above = locator.split(f"/{found['what']}/", maxsplit=1)[0]
        self.frames.add(
            self._add(locator, locator, variant, clip),
            f"{above}/{clip.name}.mp4",
            lambda place, whole: self._clip(place, whole, variant, clip),
            place=locator.rpartition("/")[0],
            crop=found["what"] != "frames",
        )

    def complete(self) -> None:
        """List what only frames or lists name, and join the variants of one swap."""
        self.frames.complete()
        if not self.variants.entries:
            for name, place in self.places.items():
                locator = f"manipulated_videos/end_to_end/{name}.mp4"
                self._clip(place, locator, "end_to_end", swapped_clip(name))
        self.variants.relate(self.into, basis="file name")

    def _clip(self, place: str, locator: str, variant: str | None, clip: Clip) -> None:
        entry = self._add(place, locator, variant, clip)
        if variant is not None:
            self.variants.add(clip.name, entry)
            self.into.relate(
                entry,
                "from_source",
                f"faceforensics++:{clip.name[:3]}",
                basis="file name <target>_<source>",
                right_kind="source",
            )

    def _add(self, place: str, locator: str, variant: str | None, clip: Clip) -> str:
        splits = self.splits.get(clip.name, [])
        entry = self.into.add(
            place,
            locator,
            split=splits[0] if splits else None,
            compression=variant,
            source_id="deeperforensics-1.0",
            **clip.values,
        )
        describe(entry, clip, self.into, raw=locator.partition("/")[0])
        put_in_splits(entry, splits, self.into, basis="lists of splits")
        return entry
