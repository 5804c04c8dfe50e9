"""FiftyOne: a dataset made from the catalogue, for as long as somebody looks at it.

The catalogue stays the truth: the dataset lies in a folder that goes away, and what is changed in
it changes nothing. A picture of people who are not known to have agreed enters it blurred, beyond
repair; what is sealed, or named by a hash list, does not enter it.

fiftyone is imported here and nowhere else. It reads its settings when it is imported, so that
`settings` must be in the environment before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.memory import in_memory
from curate.errors import DependencyError, InputError, printable
from curate.media.open import read_media
from curate.media.unreadable import UnreadableError
from curate.report.thumbnails import blurred_jpeg
from curate.review.page import LIMITS, picture_forms
from curate.review.queues import STATES, WITHHELD
from curate.review.work import Work

ADDRESS = "127.0.0.1"
_THREADS = 4

_ROWS = """
SELECT e.media_id, e.dataset, e.locator, e.root, e.sha256, e.split,
       e.listed_size, e.listed_mtime_ns, v.verdict, v.codes,
       e.media_id IN (
           SELECT media_id FROM findings WHERE code LIKE 'CON%' OR code LIKE 'DEP%'
       ) AS blur,
       (SELECT any_value(value ORDER BY value) FROM labels l
        WHERE l.media_id = e.media_id AND l.name = 'authenticity') AS label,
       (SELECT any_value(group_id ORDER BY group_id) FROM groups g
        WHERE g.sha256 = e.sha256) AS duplicate_group,
       c.width, c.height
FROM entries e JOIN verdicts v USING (media_id) LEFT JOIN content c ON c.sha256 = e.sha256
WHERE e.kind = 'image' AND e.state = 'present'
AND e.state IN (SELECT unnest($states))
AND e.media_id NOT IN (SELECT media_id FROM findings WHERE code IN (SELECT unnest($withheld)))
ORDER BY e.media_id
"""
_FACES = """
SELECT f.face_id, f.sha256, f.x1, f.y1, f.x2, f.y2, f.det_score, i.subject_id, i.identity_id,
       i.similarity
FROM faces f LEFT JOIN identities i USING (face_id) WHERE f.frame = 0 ORDER BY f.face_id
"""


@dataclass(frozen=True)
class Loaded:
    """A dataset of FiftyOne.

    Attributes:
        dataset: Its own object.
        samples: How many entries it shows.
        blurred: How many of them blurred.
    """

    dataset: Any
    samples: int
    blurred: int


def settings(folder: Path, database: str) -> dict[str, str]:
    """Return the environment in which FiftyOne keeps to `folder` and to this machine.

    Args:
        folder: Where it may write.
        database: The address of a database that is for this review alone.
    """
    return {
        "FIFTYONE_DATABASE_URI": database,
        "FIFTYONE_DATABASE_VALIDATION": "false",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_DEFAULT_APP_ADDRESS": ADDRESS,
        "FIFTYONE_CONFIG_PATH": str(folder / "config.json"),
        "FIFTYONE_APP_CONFIG_PATH": str(folder / "app.json"),
        "FIFTYONE_PLUGINS_DIR": str(folder / "plugins"),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(folder / "datasets"),
        "FIFTYONE_DATASET_ZOO_DIR": str(folder / "datasets"),
        "FIFTYONE_MODEL_ZOO_DIR": str(folder / "models"),
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }


def clear_picture(entry: Mapping[str, Any], findings: pa.Table, folder: Path) -> Path:
    """Return the clear picture of an entry that is shown blurred, written below `folder`.

    Every way to a clear picture in FiftyOne passes here: what is sealed or withheld does not.

    Args:
        entry: The entry's row, as it is now.
        findings: Those of the audit that is shown.
        folder: Where it is written.

    Raises:
        InputError: It is not to be shown, or cannot be, or changed since it was probed.
    """
    place = printable(entry["locator"])
    about = pc.and_(
        pc.equal(findings["media_id"], entry["media_id"]),
        pc.is_in(findings["code"], value_set=pa.array(WITHHELD)),
    )
    if entry["state"] != "present" or pc.any(about).as_py():
        raise InputError("this picture is not for reviewers' eyes", where=place)
    forms = picture_forms(entry["root"], entry["locator"], entry["sha256"])
    if forms is None:
        raise InputError("it cannot be read, or is not the file that was judged", where=place)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{entry['media_id']}.jpg"
    path.write_bytes(forms["clear"])
    return path


def import_fiftyone() -> Any:
    """Return the package, once its database runs.

    Raises:
        DependencyError: It, or a mongod, cannot be had.
    """
    hint = "install the extra with uv: uv pip install 'curate[review]'; `curate doctor` says more"
    try:
        import fiftyone
        import fiftyone.core.odm as database

        database.get_db_conn()
    except ImportError as error:
        raise DependencyError(f"FiftyOne cannot be imported: {error}", hint=hint) from None
    except Exception as error:
        raise DependencyError(f"FiftyOne's database does not start: {error}", hint=hint) from error
    return fiftyone


def load(
    tables: Mapping[str, pa.Table],
    work: Work,
    folder: Path,
    *,
    name: str,
    progress: Callable[[int, int], None],
) -> Loaded:
    """Return the catalogue as a dataset, with a saved view for each queue.

    Args:
        tables: ``entries``, ``content``, ``findings``, ``verdicts``, ``labels``, ``groups``,
            ``faces`` and ``identities``.
        work: What waits in each queue, uncut.
        folder: Where blurred pictures are written.
        name: The dataset's name.
        progress: Told how many entries are done, of how many.

    Raises:
        DependencyError: FiftyOne cannot be had.
    """
    fo = import_fiftyone()
    rows, faces = _read(tables)
    waiting: dict[str, list[str]] = {}
    for place in work.places:
        waiting.setdefault(place["media_id"], []).append(place["queue"])
    shown = _shown(rows, folder, progress)
    samples = [
        _sample(fo, row, shown[row["media_id"]], waiting.get(row["media_id"], []),
                work.items.get(row["media_id"]), faces.get(row["sha256"], []))
        for row in rows
        if row["media_id"] in shown
    ]  # fmt: skip
    dataset = fo.Dataset(name, overwrite=True)
    dataset.persistent = False
    dataset.add_samples(samples, progress=False)
    _save_views(fo, dataset, work)
    return Loaded(dataset, len(samples), sum(sample.blurred for sample in samples))


def _read(
    tables: Mapping[str, pa.Table],
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    connection = in_memory()
    for name in ("entries", "content", "findings", "verdicts", "labels", "groups", "faces",
                 "identities"):  # fmt: skip
        connection.register(name, tables[name])
    values = {"states": list(STATES), "withheld": list(WITHHELD)}
    rows = connection.sql(_ROWS, params=values).to_arrow_table().to_pylist()
    faces: dict[str, list[dict[str, Any]]] = {}
    for face in connection.sql(_FACES).to_arrow_table().to_pylist():
        faces.setdefault(face["sha256"], []).append(face)
    return rows, faces


def _shown(
    rows: list[dict[str, Any]], folder: Path, progress: Callable[[int, int], None]
) -> dict[str, str]:
    """Return the file that stands for each entry: a blurred one where people are in doubt.

    An entry that cannot be blurred, or whose file changed, is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def place(row: dict[str, Any]) -> str | None:
        root = Path(row["root"])
        file = root / row["locator"]
        try:
            # What changed since it was judged is not what was judged: nobody is asked about it.
            if not row["blur"]:
                told = file.stat()
                same = (told.st_size, told.st_mtime_ns) == (
                    row["listed_size"],
                    row["listed_mtime_ns"],
                )
                return str(file) if same else None
            media = read_media(file, root=root, limits=LIMITS)
            if media.sha256 != row["sha256"]:
                return None
            path = folder / f"{row['media_id']}.jpg"
            path.write_bytes(blurred_jpeg(media.data))
        except (UnreadableError, OSError, ValueError):
            return None
        return str(path)

    found: dict[str, str] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (row, path) in enumerate(zip(rows, pool.map(place, rows), strict=True), 1):
            if path is not None:
                found[row["media_id"]] = path
            if done % 100 == 0 or done == len(rows):
                progress(done, len(rows))
    return found


def _sample(
    fo: Any,
    row: dict[str, Any],
    path: str,
    queues: list[str],
    item: dict[str, Any] | None,
    faces: list[dict[str, Any]],
) -> Any:
    evidence = [] if item is None else [
        f"{one['code']} {one['words']}" for one in item["findings"]
    ]  # fmt: skip
    return fo.Sample(
        filepath=path,
        tags=[*([row["split"]] if row["split"] else []), *row["codes"]],
        media_id=row["media_id"],
        source_dataset=row["dataset"],
        locator=row["locator"],
        verdict=row["verdict"],
        queues=queues,
        evidence=evidence,
        reviewers=[] if item is None else item["said"],
        blurred=row["blur"],
        duplicate_group=row["duplicate_group"],
        identities=sorted({face["identity_id"] for face in faces if face["identity_id"]}),
        ground_truth=fo.Classification(label=row["label"]) if row["label"] else None,
        faces=fo.Detections(detections=[_face(fo, face, row) for face in faces]),
    )


def _face(fo: Any, face: dict[str, Any], row: dict[str, Any]) -> Any:
    width, height = row["width"], row["height"]
    box = [face["x1"] / width, face["y1"] / height,
           (face["x2"] - face["x1"]) / width, (face["y2"] - face["y1"]) / height]  # fmt: skip
    return fo.Detection(
        label=face["subject_id"] or face["identity_id"] or "nobody known",
        bounding_box=box,
        confidence=face["det_score"],
        similarity=face["similarity"],
        face_id=face["face_id"],
        identity_id=face["identity_id"],
        subject_id=face["subject_id"],
    )


def _save_views(fo: Any, dataset: Any, work: Work) -> None:
    for queue in work.queues:
        places = [row["media_id"] for row in work.places if row["queue"] == queue.name]
        view = dataset.select_by("media_id", [p for p in places if p], ordered=True)
        dataset.save_view(queue.name, view, description=queue.question)
    grouped = dataset.match(fo.ViewField("duplicate_group") != None)  # noqa: E711 - an expression
    dataset.save_view("duplicate-groups", grouped.sort_by("duplicate_group"))
