"""COCO: a JSON of images, annotations and categories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError
from curate.ingest.layout import About
from curate.ingest.layouts.documents import head, nearby, read_object
from curate.ingest.layouts.manifest import add_row, renamed
from curate.ingest.listing import Listing, Target
from curate.ingest.locators import Rejected, authenticity, split_of
from curate.rows import Row

_HEAD = re.compile(r'\s*\{\s*"(?:info|licenses|images|annotations|categories)"\s*:')
_KEYS = frozenset({"images", "annotations", "categories"})
# Where exporters put the pictures, beside the JSON or beside its folder.
_FOLDERS = ("", "images/", "data/")


class COCOLayout:
    """A JSON of annotations, or a folder with some."""

    name = "coco"
    about = About(
        title="COCO annotations",
        shape="a JSON file that begins with `info`, `licenses`, `images`, `annotations` or "
        "`categories`, or a folder with such files, here or one folder down",
        reads=(
            (
                "each image: an entry at its `file_name`, looked for below the root, in `images`, "
                "in `data`, and in a folder called like the split of the JSON's name"
            ),
            (
                "its label: the one of its categories that the settings map to real or fake; its "
                "licence by name; its other fields in `extra`"
            ),
            "the split: from the name of the JSON",
        ),
        traps=(
            "an image with faces of both kinds has no label of its own, and is rejected",
            "boxes and masks stay where they are: faces are found by curate itself",
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is or holds such a file."""
        return any(True for _ in _files(path))

    def read(self, target: Target, into: Listing) -> None:
        """List the images of every file.

        Raises:
            InvalidFileError: A file is no JSON, or has other lists than COCO's.
        """
        for file in _files(target.path):
            _read(file, target, into)


def _files(path: Path) -> Iterator[Path]:
    places = iter([path]) if path.is_file() else nearby(path, depth=1)
    return (x for x in places if x.suffix == ".json" and _HEAD.match(head(x)))


def _read(file: Path, target: Target, into: Listing) -> None:
    said = read_object(file)
    for key in _KEYS & said.keys():
        if not isinstance(said[key], list):
            raise InvalidFileError(f"{key!r} is no list", where=str(file))
    if "images" not in said:
        raise InvalidFileError("there is no list of images", where=str(file))
    names = {_id(c, "id"): str(c.get("name")) for c in _objects(said, "categories")}
    licences = {_id(x, "id"): x.get("name") for x in _objects(said, "licenses")}
    classes: dict[str, set[str]] = {}
    for annotation in _objects(said, "annotations"):
        word = names.get(_id(annotation, "category_id"), "")
        if authenticity(word, target.config):
            classes.setdefault(_id(annotation, "image_id"), set()).add(word)
    split = split_of(file.name)
    columns = {v: k for k, v in target.config.columns.items()}
    for number, image in enumerate(said["images"]):
        place = f"{file.name}: images[{number}]"
        with into.attempt(place):
            if not isinstance(image, dict) or not isinstance(image.get("file_name"), str):
                raise Rejected("bad-row", "expected an object with a file_name")
            found = classes.get(_id(image, "id"), set())
            labels = {authenticity(word, target.config) for word in found}
            if len(labels) > 1:
                raise Rejected("label-conflict", f"annotated as {' and '.join(sorted(found))}")
            values = {k: v for k, v in image.items() if k not in ("file_name", "license")}
            values |= {"label": min(found)} if found else {}
            values |= {"split": split} if split else {}
            if licence := licences.get(_id(image, "license")):
                values["licence"] = licence
            path = _locate(image["file_name"], file, target)
            add_row(Row(place, renamed(values, columns) | {"path": path}), target, into)


def _id(thing: Mapping[str, Any], key: str) -> str:
    """Return an id as text: files write some as numbers, and strangers as anything."""
    return repr(thing.get(key))


def _objects(said: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    return (item for item in said.get(key) or () if isinstance(item, dict))


def _locate(name: str, file: Path, target: Target) -> str:
    """Return where an image lies below the root: the first place where it is, or its name."""
    stem = file.stem.rpartition("_")[2]
    for folder in (*_FOLDERS, f"{stem}/", f"images/{stem}/"):
        if "\0" not in name and (target.root / folder / name).is_file():
            return f"{folder}{name}"
    return name
