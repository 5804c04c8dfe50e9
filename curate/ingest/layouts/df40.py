"""DF40: fakes by forty methods, made from the clips of other datasets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.clips import Clip, Frames, describe
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, kind_of, not_media
from curate.model.known_datasets import fold

_BY_KIND = {
    "face_swap": "fsgan faceswap simswap inswap inswapper blendface uniface mobileswap e4s "
    "facedancer deepfacelab",
    "reenactment": "fomm fsvid2vid facevid2vid mraa oneshot oneshotfree pirender tpsm lia dagan "
    "mcnet hyperreenact heygen",
    "lip_sync": "wav2lip sadtalker",
    "full_synthesis": "vqgan stylegan2 stylegan3 styleganxl sd21 ddpm ddim rddm pixart dit ditxl2 "
    "sit sitxl2 midjourney mj whichisreal whichfaceisreal",
    "attribute_edit": "collabdiff e4e stargan starganv2 styleclip",
}
METHODS = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
_ENOUGH = 2

_BELOW = re.compile(
    r"(?:(?P<domain>ff|cdf)/)?(?:(?P<label>real|fake)/)?(?:frames/)?(?:(?P<clip>[^/]+)/)?[^/]+"
)
_SEQUENCES = re.compile(r"(\d{3})(?:_(\d{3}))?")
_CELEBRITIES = re.compile(r"(id\d+)(?:_(id\d+))?_(\d{4})")


class DF40Layout:
    """Folders called by the methods."""

    name = "df40"
    about = About(
        title="DF40",
        shape="at least two folders called by methods of DF40, such as `simswap` and `sadtalker`",
        reads=(
            (
                "`<method>/[ff|cdf/][fake|real/][frames/]<clip>/<n>.png`: a crop, `crop_of` the "
                "folder of its clip, which is an entry without a file; videos as they are"
            ),
            "the method's folder tells what was done; entries are fake unless a folder says real",
            (
                "`ff` clips: `from_source` to `faceforensics++:<sequence>` for each number in the "
                "name; `cdf` clips: subjects `celeb-df-v2:<id>`, in an unknown role"
            ),
        ),
        datasets=("df40",),
        traps=(
            "who is in it consented to nothing, as in the datasets it was made from",
            (
                "real pictures come with nine of the methods only; for the others they are those "
                "of FaceForensics++ and Celeb-DF"
            ),
            "in which order a method's clip names target and donor is not told for each method",
            "its JSON files are of DeepfakeBench's form",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether folders of `path` are called by enough of the methods."""
        if not path.is_dir():
            return False
        found = {fold(item.name) for item in path.iterdir() if item.is_dir()}
        return len(found & METHODS.keys()) >= _ENOUGH

    def read(self, target: Target, into: Listing) -> None:
        """List what is on disk."""
        frames = Frames(into)
        for locator in walk_files(target.root, into):
            with into.attempt(locator, locator=locator):
                _file(locator, into, frames)
        frames.complete()


def _file(locator: str, into: Listing, frames: Frames) -> None:
    if kind_of(locator) == "unknown":
        raise not_media(locator)
    parts = locator.split("/")
    at = next((n for n, part in enumerate(parts[:-1]) if fold(part) in METHODS), None)
    if at is None:
        raise Rejected("unknown-method", "this lies in no folder called by a method of DF40")
    method, kind = parts[at], METHODS[fold(parts[at])]
    found = _BELOW.fullmatch("/".join(parts[at + 1 :]))
    if found is None:
        raise Rejected("bad-place", "this lies deeper than the frames of a clip")
    folder, _, file = locator.rpartition("/")
    name = found["clip"] or file.rpartition(".")[0]
    told = _parts(name, found["domain"]) if kind != "full_synthesis" else None
    label = found["label"] or "fake"
    clip = Clip(
        name, label, kind if label == "fake" else "none",
        method if label == "fake" else None,
        people=tuple((f"celeb-df-v2:{person}", "unknown") for person in _people(told)),
    )  # fmt: skip

    def add(place: str, where: str, *, on_disk: bool = True) -> str:
        media: dict[str, Any] = {} if on_disk else {"kind": "video"}
        entry = into.add(place, where, on_disk=on_disk, source_id="df40", **clip.values, **media)
        describe(entry, clip, into, raw=method)
        for sequence in _sequences(told):
            into.relate(entry, "from_source", f"faceforensics++:{sequence}", basis="folder name",
                        right_kind="source")  # fmt: skip
        return entry

    def add_clip(place: str, where: str) -> None:
        add(place, where, on_disk=False)

    entry = add(locator, locator)
    if found["clip"] is not None and kind_of(locator) == "image":
        frames.add(entry, folder, add_clip, place=folder, crop=True)


def _parts(name: str, domain: str | None) -> tuple[str, ...]:
    """Return the sequences or people that a clip's name holds; none without a domain.

    Raises:
        Rejected: The name is not of the domain's form.
    """
    if domain is None:
        return ()
    found = (_SEQUENCES if domain == "ff" else _CELEBRITIES).fullmatch(name)
    if found is None:
        expected = "000_003 or 000" if domain == "ff" else "id0_id1_0000 or id0_0000"
        raise Rejected("bad-name", f"{name!r} is no clip of {domain}; expected {expected}")
    return tuple(part for part in found.groups()[:2] if part)


def _people(parts: tuple[str, ...] | None) -> list[str]:
    return [part for part in parts or () if part.startswith("id")]


def _sequences(parts: tuple[str, ...] | None) -> list[str]:
    return [part for part in parts or () if part.isdigit()]
