"""The folder that is handed out: one page, its pictures in two forms, and no way to the network.

The page opens from the file system. It shows every picture blurred; a clear one lies beside it,
and is fetched when the reviewer asks for it, which the page writes down.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from curate.files import new_folder
from curate.media import Limits, UnreadableError, thumbnail_jpeg
from curate.media.open import read_media
from curate.model.instants import print_instant
from curate.report.pages import render_html
from curate.report.thumbnails import blurred_jpeg
from curate.review.queues import REJECTED
from curate.review.returned import FORMAT
from curate.review.work import Work
from curate.schema import resource_folder

PAGE = "index.html"
_SIDE_PX = 640
_THREADS = 4
LIMITS = Limits(max_bytes=64 << 20, max_pixels=60_000_000)


@dataclass(frozen=True)
class Handout:
    """What was written.

    Attributes:
        page: The page to open.
        entries: How many entries it is about.
        pictures: How many of them and of those beside them can be shown.
        left: How many more each queue has.
    """

    page: Path
    entries: int
    pictures: int
    left: dict[str, int]


def write_handout(
    folder: Path,
    work: Work,
    *,
    project: str,
    reviewer: str,
    made_at: datetime,
    progress: Callable[[int, int], None],
) -> Handout:
    """Write the folder, whole or not at all.

    Args:
        folder: Where; it must not be there, or be empty.
        work: What to look at.
        project: What the project is called.
        reviewer: Whose page it is.
        made_at: The present instant, in UTC.
        progress: Told how many pictures are done, of how many.

    Raises:
        InputError: The folder holds something, or cannot be written.
    """
    with new_folder(folder) as waiting:
        for name in ("blurred", "clear"):
            (waiting / "pictures" / name).mkdir(parents=True)
        drawn = _draw(waiting / "pictures", _shown(work), progress)
        told = _work_as_json(work, drawn, project=project, reviewer=reviewer, made_at=made_at)
        (waiting / PAGE).write_text(page(told), encoding="utf-8")
    return Handout(folder / PAGE, len(work.items), len(drawn), work.left)


def page(told: dict[str, Any]) -> str:
    """Return the page, which runs its own script and no other.

    Args:
        told: Everything it shows, as plain values.
    """
    script = (resource_folder("reports") / "review.js").read_text(encoding="utf-8")
    style = (resource_folder("reports") / "review.css").read_text(encoding="utf-8")
    # A name with </script> in it must not end the block: < has another form in JSON.
    data = json.dumps(told, sort_keys=True, ensure_ascii=True).replace("<", "\\u003c")
    return render_html(
        "review.html.j2",
        told=told,
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        data=Markup(data),  # noqa: S704 - escaped above
        script_digest=_digest(script),
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(work: Work) -> dict[str, tuple[str, str, str]]:
    """Return root, locator and digest of every picture that the page may show, by entry."""
    rows = [*work.items.values(), *(other for item in work.items.values()
                                    for other in item["beside"])]  # fmt: skip
    return {
        row["media_id"]: (row["root"], row["locator"], row["sha256"])
        for row in rows
        if row.get("state", "present") == "present" and row["sha256"] is not None
    }


def _draw(
    folder: Path,
    shown: dict[str, tuple[str, str, str]],
    progress: Callable[[int, int], None],
) -> dict[str, str]:
    """Write both forms of each picture, and return their names by entry."""
    names = {media_id: f"{number:06d}.jpg" for number, media_id in enumerate(shown, 1)}

    def draw(media_id: str) -> bool:
        forms = picture_forms(*shown[media_id])
        if forms is None:
            return False
        for kind, data in forms.items():
            (folder / kind / names[media_id]).write_bytes(data)
        return True

    with ThreadPoolExecutor(_THREADS) as pool:
        drawn = dict(zip(shown, _counted(pool.map(draw, shown), len(shown), progress),
                         strict=True))  # fmt: skip
    return {media_id: names[media_id] for media_id, good in drawn.items() if good}


def _counted(done: Iterable[bool], total: int, progress: Callable[[int, int], None]) -> list[bool]:
    found = []
    for one in done:
        found.append(one)
        progress(len(found), total)
    return found


def picture_forms(root: str, locator: str, sha256: str) -> dict[str, bytes] | None:
    """Return a picture as small JPEGs, ``blurred`` and ``clear``; None when it cannot be shown.

    Args:
        root: The media root.
        locator: The file below it.
        sha256: What the file held when it was judged; another is not shown.
    """
    try:
        file = read_media(Path(root) / locator, root=Path(root), limits=LIMITS)
        if file.sha256 != sha256:
            return None
        return {
            "blurred": blurred_jpeg(file.data),
            "clear": thumbnail_jpeg(file.data, _SIDE_PX, 85, limits=LIMITS),
        }
    except (UnreadableError, OSError, ValueError):
        return None


def _work_as_json(
    work: Work, drawn: dict[str, str], *, project: str, reviewer: str, made_at: datetime
) -> dict[str, Any]:
    order = {media_id: number for number, media_id in enumerate(work.items)}
    return {
        "format": FORMAT,
        "project": project,
        "use": work.audited.use.name,
        "audit_run_id": work.audited.run_id,
        "reviewer": reviewer,
        "made_at": print_instant(made_at),
        "queues": [
            {
                "name": queue.name,
                "title": queue.title,
                "question": queue.question,
                "left": work.left.get(queue.name, 0),
                "items": [order[row["media_id"]] for row in work.places
                          if row["queue"] == queue.name and row["media_id"] is not None],
            }
            for queue in work.queues
        ],
        "items": [_item(row, drawn) for row in work.items.values()],
        "rejections": [row["detail"] for row in work.places
                       if row["queue"] == REJECTED.name and row["media_id"] is None],
    }  # fmt: skip


def _item(row: dict[str, Any], drawn: dict[str, str]) -> dict[str, Any]:
    kept = ("media_id", "dataset", "locator", "kind", "state", "split", "verdict", "evidence",
            "blur", "said", "findings", "labels", "people", "may_clear")  # fmt: skip
    since = row["since"]
    return {
        **{name: row[name] for name in kept},
        "since": None if since is None else print_instant(since)[:10],
        "picture": drawn.get(row["media_id"]),
        "beside": [
            {"media_id": other["media_id"], "locator": other["locator"],
             "picture": drawn.get(other["media_id"])}
            for other in row["beside"]
        ],
    }  # fmt: skip
