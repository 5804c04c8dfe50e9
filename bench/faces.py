"""Faces per second: ours against insightface's own call, on the same pack and pictures.

Three kinds of picture: square portraits (640 x 640), a group photo of six (1280 x 886), and
video-shaped frames (1280 x 720) with two of the portraits in each. The peer is
`FaceAnalysis.get` as it comes (two detection sizes) and with one size; the floor is a bare
loop over onnxruntime on the very inputs that ours computes, and nothing else. One process, one
thread each, in turns; the least of the rounds counts.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DATA = Path(os.environ.get("CURATE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
PACK = DATA / "models" / "insightface" / "dev_mobile"
TARGET_PEER, TARGET_FLOOR = 1.5, 0.95

Image = npt.NDArray[np.uint8]


def pictures(*, quick: bool) -> dict[str, list[Image]]:
    """Return RGB pictures by kind."""
    from PIL import Image as Pictures

    count = 8 if quick else 32
    paths = sorted((DATA / "faces" / "london" / "neutral_front").glob("*.jpg"))[: 2 * count]
    portraits = [np.asarray(Pictures.open(p).convert("RGB").resize((640, 640))) for p in paths]
    package = find_spec("insightface")
    assert package is not None
    assert package.origin is not None
    group = Path(package.origin).parent / "data" / "images" / "t1.jpg"
    frames = []
    for left, right in zip(portraits[::2], portraits[1::2], strict=True):
        frame = np.full((720, 1280, 3), 90, np.uint8)
        frame[40:680, :640], frame[40:680, 640:] = left, right
        frames.append(frame)
    return {
        "portraits": portraits[:count],
        "group": [np.asarray(Pictures.open(group).convert("RGB"))] * (count // 2),
        "frames": frames,
    }


def library(**options: Any) -> Any:
    """Return insightface's own analysis on one thread."""
    import onnxruntime
    from insightface.app import FaceAnalysis

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 3
    app = FaceAnalysis(name=str(PACK), providers=["CPUExecutionProvider"], sess_options=settings)
    app.prepare(-1, **options)
    return app


def recorded(analyzer: Any, scan: Callable[[], object]) -> list[tuple[Any, Any, Any]]:
    """Return session, output names and inputs of every call that one scan makes."""
    calls: list[tuple[Any, Any, Any]] = []
    models = (analyzer._detector, analyzer._recogniser)  # noqa: SLF001  # the floor is inside
    kept = [model.session for model in models]

    class Recorder:
        def __init__(self, session: Any) -> None:
            self._session = session

        def run(self, names: Any, inputs: Any) -> Any:
            calls.append((self._session, names, inputs))
            return self._session.run(names, inputs)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

    for model in models:
        model.session = Recorder(model.session)
    try:
        scan()
    finally:
        for model, session in zip(models, kept, strict=True):
            model.session = session
    return calls


def timed(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least seconds of each piece of work, done in turns."""
    best = dict.fromkeys(work, float("inf"))
    for turn in range(rounds):
        names = list(work)
        for name in names if turn % 2 == 0 else reversed(names):
            started = time.perf_counter()
            work[name]()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def run(*, quick: bool) -> dict[str, object]:
    """Return the figures; `quick` takes fewer pictures."""
    if not PACK.is_dir():
        return {"skipped": f"no pack at {PACK}", "met": False}
    from curate.faces import AnalyzerSpec, load
    from curate.faces.scan import scan_images

    warnings.simplefilter("ignore")
    analyzer = load(AnalyzerSpec("insightface", str(PACK), threads=1, device="cpu"))
    plain, one_size = library(), library(det_size=(640, 640))
    figures: dict[str, object] = {"threads": 1}
    met = True
    for kind, batch in pictures(quick=quick).items():
        named = [(str(i), 0, picture) for i, picture in enumerate(batch)]
        backwards = [np.ascontiguousarray(p[..., ::-1]) for p in batch]
        faces = len(scan_images(named, analyzer).faces)
        calls = recorded(analyzer, lambda named=named: scan_images(named, analyzer))
        seconds = timed(
            {
                "ours": lambda named=named: scan_images(named, analyzer),
                "get": lambda b=backwards: [plain.get(p) for p in b],
                "get, one size": lambda b=backwards: [one_size.get(p) for p in b],
                "floor": lambda calls=calls: [s.run(n, i) for s, n, i in calls],
            },
            rounds=3 if quick else 5,
        )
        ratio = seconds["get"] / seconds["ours"]
        floor = seconds["floor"] / seconds["ours"]
        print(f"{kind}: {len(batch)} pictures, {faces} faces, {len(calls)} calls of onnxruntime")
        for name, value in seconds.items():
            print(
                f"  {name:14} {faces / value:7.1f} faces/s  {1e3 * value / len(batch):6.1f} ms each"
            )
        print(f"  ours over get {ratio:.2f} (target {TARGET_PEER}), of the floor {floor:.2f}")
        figures[kind] = {
            "faces_per_s": round(faces / seconds["ours"], 1),
            "over_get": round(ratio, 2),
            "over_get_one_size": round(seconds["get, one size"] / seconds["ours"], 2),
            "of_floor": round(floor, 3),
        }
        met = met and ratio >= TARGET_PEER and floor >= TARGET_FLOOR
    targets = {"over_get": TARGET_PEER, "of_floor": TARGET_FLOOR}
    return figures | {"targets": targets, "met": met}
