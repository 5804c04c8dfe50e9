"""A folder of hostile files, the same each time: ``python -m tests.hostile FOLDER`` writes it.

Every file has the outcome that curate must come to: the format it is read as, the reason why it
is not read, or the reason why it is not even listed.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.hostile.bombs import BOMBS
from tests.hostile.broken import BROKEN
from tests.hostile.disguised import DISGUISED
from tests.hostile.pieces import encoded
from tests.hostile.places import PLACES

FILES = (*BOMBS, *BROKEN, *DISGUISED)


def build(folder: Path) -> dict[str, str]:
    """Write the folder ``media`` below `folder`, and a picture beside it that links point at.

    Returns:
        The outcome of each file by its locator: names that are no text are written as curate
        prints them.
    """
    root = folder / "media"
    root.mkdir(parents=True)
    (folder / "outside.jpg").write_bytes(encoded())
    for file in FILES:
        (root / file.name).write_bytes(file.make())
    for place in PLACES:
        place.put(root / os.fsdecode(place.name))
    found = {file.name: file.outcome for file in FILES}
    for place in PLACES:
        name = os.fsdecode(place.name).encode("utf-8", "backslashreplace").decode()
        found[name] = place.outcome
    return found | {"folder.png/inside.jpg": "JPEG"}
