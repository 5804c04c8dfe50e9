"""Clips: what the name of a dataset's clip says, and the rows that follow from it.

Donor and target are the roles of STANDARDS section 2, whatever a paper calls them: the target
is the person in the footage, the donor the one whose identity is put in, the driver the one
whose motion is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from curate.ingest.listing import Listing
from curate.model.ids import media_id

# What a name's parts stand for, and the relation of the fake to the clip they name.
_PARTS = (("target", "swap_target"), ("donor", "swap_donor"))

Locate = Callable[[str], str | None]
ListClip = Callable[[str, str], None]


@dataclass(frozen=True)
class Clip:
    """What the name of a clip says of it.

    Attributes:
        name: The clip's name in its dataset, without folder and ending.
        label: ``real`` or ``fake``.
        manipulation: A term of ``media.manipulation_type``.
        method: The manipulation's name, as the dataset gives it.
        people: Pseudonyms with their roles.
        target: The name of the clip whose footage was altered, where it is told.
        donor: The name of the clip that gave identity or motion, where it is told.
        basis: What says so.
    """

    name: str
    label: str
    manipulation: str = "none"
    method: str | None = None
    people: tuple[tuple[str, str], ...] = ()
    target: str | None = None
    donor: str | None = None
    basis: str = "file name"

    @property
    def values(self) -> dict[str, Any]:
        """The columns of ``media`` that follow."""
        return {
            "method": self.method,
            "manipulation_type": self.manipulation,
            "group": self.name,
        }


def describe(entry: str, clip: Clip, into: Listing, *, raw: str | None = None) -> None:
    """Keep the label of an entry, and who is in it by its name."""
    into.label(entry, clip.label, raw=raw)
    for subject, role in clip.people:
        into.depict(entry, subject, role, method="filename_convention")


def relate_parents(entry: str, clip: Clip, into: Listing, *, locate: Locate) -> None:
    """Relate a fake to the clips it was made from: as a derivative, and as a swap if it is known.

    Args:
        entry: The fake.
        clip: What its name says.
        into: The listing.
        locate: Gives the locator of a clip by its name, or None where there is no telling.
    """
    for part, relation in _PARTS:
        name = getattr(clip, part)
        locator = None if name is None else locate(name)
        if locator is not None:
            parent = media_id(into.dataset, locator)
            into.relate(entry, "derived_from", parent, basis=f"{clip.basis}: {part}")
            if clip.manipulation != "unknown":
                into.relate(entry, relation, parent, basis=f"{clip.basis}: {part}")


@dataclass
class Variants:
    """Entries that show one clip: in several compressions, by several methods, or as frames."""

    entries: dict[str, list[str]] = field(default_factory=dict)

    def add(self, clip: str, entry: str) -> None:
        """Keep that `entry` shows `clip`."""
        self.entries.setdefault(clip, []).append(entry)

    def relate(self, into: Listing, *, basis: str) -> None:
        """Relate the entries of each clip to the first by id: a star says as much as all pairs."""
        for found in self.entries.values():
            first, *others = sorted(set(found))
            for other in others:
                into.relate(first, "same_clip", other, basis=basis)


@dataclass
class Frames:
    """Frames and crops with the clips they are of: one without a file is an entry all the same."""

    into: Listing
    waiting: dict[str, tuple[str, ListClip]] = field(default_factory=dict)

    def add(self, entry: str, whole: str, list_clip: ListClip, *, place: str, crop: bool) -> None:
        """Keep that `entry` is a frame or a crop of the clip at the locator `whole`.

        Args:
            entry: The frame.
            whole: Where the clip lies, or would lie.
            list_clip: Lists the clip, given where it is declared and its locator.
            place: Where the frames lie.
            crop: Whether the entry shows a part of the frame only.
        """
        clip = media_id(self.into.dataset, whole)
        self.into.relate(entry, "crop_of" if crop else "frame_of", clip, basis="folder name")
        self.waiting.setdefault(whole, (place, list_clip))

    def complete(self) -> None:
        """List the clips of which only frames were found."""
        for whole, (place, list_clip) in self.waiting.items():
            if not self.into.lists(whole):
                with self.into.attempt(place, locator=whole):
                    list_clip(place, whole)


def put_in_splits(entry: str, splits: Sequence[str], into: Listing, *, basis: str) -> None:
    """Keep the splits beyond the first that list an entry; the first stands in ``media``."""
    for split in splits[1:]:
        into.relate(entry, "in_split", split, basis=basis, right_kind="split")
