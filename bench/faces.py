"""Faces per second: ours against insightface's own call, on the same pack and pictures.

Three kinds of picture: square portraits (640 x 640), a group photo of six (1280 x 886), and
video-shaped frames (1280 x 720) with two of the portraits in each. The peer is
`FaceAnalysis.get` as it comes (two detection sizes) and with one size; the floor is a bare
loop of onnxruntime on the very inputs that ours computes, and nothing else. One process on
either side, in turns, the least of the rounds counts: first with one thread each, then with as
many as there are processors. Targets are judged with each side at its better number of threads,
as the peer's sessions get in each other's way where they have several and share processors.

A square portrait on one thread leaves little to win: nearly all of the peer's time is the
detector's network, which both run on every pixel.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from functools import partial
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


def library(threads: int, **options: Any) -> Any:
    """Return insightface's own analysis."""
    import onnxruntime
    from insightface.app import FaceAnalysis

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = threads, 3
    app = FaceAnalysis(name=str(PACK), providers=["CPUExecutionProvider"], sess_options=settings)
    app.prepare(-1, **options)
    return app


def recorded(analyzer: Any, scan: Callable[[], object]) -> list[tuple[Any, Any, Any]]:
    """Return onnxruntime's session, output names and inputs for every call that one scan makes."""
    calls: list[tuple[Any, Any, Any]] = []
    detector, recogniser = analyzer._detector, analyzer._recogniser  # noqa: SLF001 - floor inside
    network, session = analyzer._network, recogniser.session  # noqa: SLF001 - as above

    def find(values: Any) -> Any:
        names = detector.output_names
        calls.append((detector.session, names, {detector.input_name: values.copy()}))
        return network(values)

    class Recorder:
        def run(self, names: Any, inputs: Any) -> Any:
            calls.append((session, names, inputs))
            return session.run(names, inputs)

    analyzer._network, recogniser.session = find, Recorder()  # noqa: SLF001 - as above
    try:
        scan()
    finally:
        analyzer._network, recogniser.session = network, session  # noqa: SLF001 - as above
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

    warnings.simplefilter("ignore")
    batches = pictures(quick=quick)
    processors = len(os.sched_getaffinity(0))
    seconds = {n: _with(n, batches, quick=quick) for n in sorted({1, processors})}
    figures: dict[str, object] = {str(n): _ratios(kinds) for n, kinds in seconds.items()}
    best = _ratios(
        {
            kind: {name: min(s[kind][name] for s in seconds.values()) for name in seconds[1][kind]}
            for kind in batches
        }
    )
    for kind, ratio in best.items():
        print(f"{kind}: {ratio}")
    met = all(
        ratio["over_get"] >= TARGET_PEER and ratio["of_floor"] >= TARGET_FLOOR
        for ratio in best.values()
    )
    targets = {"over_get": TARGET_PEER, "of_floor": TARGET_FLOOR}
    return {"threads": figures, "best": best, "targets": targets, "met": met}


def _ratios(kinds: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return ours against each peer, by kind of picture."""
    names = {"over_get": "get", "over_get_one_size": "get, one size", "of_floor": "floor"}
    return {
        kind: {told: round(seconds[name] / seconds["ours"], 2) for told, name in names.items()}
        for kind, seconds in kinds.items()
    }


def _with(
    threads: int, batches: dict[str, list[Image]], *, quick: bool
) -> dict[str, dict[str, float]]:
    """Print and return the seconds for every kind of picture, with so many threads each."""
    from curate.faces import AnalyzerSpec, load
    from curate.faces.scan import scan_images

    analyzer = load(AnalyzerSpec("insightface", str(PACK), threads=threads, device="cpu"))
    plain, one_size = library(threads), library(threads, det_size=(640, 640))
    figures = {}
    print(f"one process, threads: {threads}")
    for kind, batch in batches.items():
        named = [(str(i), 0, picture) for i, picture in enumerate(batch)]
        backwards = [np.ascontiguousarray(p[..., ::-1]) for p in batch]
        ours = partial(scan_images, named, analyzer)
        faces = len(ours().faces)
        calls = recorded(analyzer, ours)
        seconds = timed(
            {
                "ours": ours,
                "get": partial(_each, plain.get, backwards),
                "get, one size": partial(_each, one_size.get, backwards),
                "floor": partial(_each, _again, calls),
            },
            rounds=3 if quick else 5,
        )
        print(f"{kind}: {len(batch)} pictures, {faces} faces, {len(calls)} calls of networks")
        for name, value in seconds.items():
            each = 1e3 * value / len(batch)
            print(f"  {name:14} {faces / value:7.1f} faces/s  {each:6.1f} ms each")
        figures[kind] = seconds
    return figures


def _each(call: Callable[[Any], object], values: list[Any]) -> None:
    for value in values:
        call(value)


def _again(call: tuple[Any, Any, Any]) -> object:
    session, names, inputs = call
    return session.run(names, inputs)
