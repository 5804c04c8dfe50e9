"""Which formats there are, by the names that people give them."""

from __future__ import annotations

from collections.abc import Iterable

from curate.errors import UnknownNameError
from curate.release.export.coco import COCO
from curate.release.export.deepfakebench import DeepfakeBench
from curate.release.export.fiftyone import FiftyOne
from curate.release.export.files import Files
from curate.release.export.format import IndexFormat, ShardFormat
from curate.release.export.huggingface import HuggingFace
from curate.release.export.webdataset import WebDataset

_SHARDED: dict[str, ShardFormat] = {
    form.name: form for form in (Files(), WebDataset(), HuggingFace())
}
_INDEXES: dict[str, IndexFormat] = {
    form.name: form for form in (FiftyOne(), COCO(), DeepfakeBench())
}
NAMES = (*_SHARDED, *_INDEXES)
DEFAULT = (Files.name,)


def chosen(names: Iterable[str]) -> tuple[tuple[ShardFormat, ...], tuple[IndexFormat, ...]]:
    """Return the formats that hold media and the indexes over them.

    An index names files: with one, media are written as files, first of all.

    Raises:
        UnknownNameError: There is no such format.
    """
    wanted = list(dict.fromkeys(names)) or list(DEFAULT)
    if unknown := [name for name in wanted if name not in NAMES]:
        raise UnknownNameError(
            f"no format is called {unknown[0]!r}", hint=f"formats are: {', '.join(NAMES)}"
        )
    indexes = tuple(_INDEXES[name] for name in wanted if name in _INDEXES)
    if indexes or Files.name in wanted:
        wanted = [Files.name, *(name for name in wanted if name != Files.name)]
    return tuple(_SHARDED[name] for name in wanted if name in _SHARDED), indexes
