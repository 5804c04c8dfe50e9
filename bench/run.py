"""`curate run` on mixed pictures and short videos, beside a plain loop over the same libraries.

Pictures are scenes with up to three portraits of the London set in several sizes, as JPEG, PNG and
WebP; videos are scenes through which one portrait moves, for three seconds at 25 frames a second.
The plain loop keeps nothing: it hashes each file, decodes it whole (Pillow, PyAV), computes pHash
and dHash by imagehash and PDQ by pdqhash, reads EXIF, XMP and C2PA by the same packages, and looks
for faces with the same detector, and embeds them with the same recogniser; of a video it hashes
each frame and looks for faces in five a second. Both have the same number of processes. Where
CURATE_BEFORE names a checkout of an earlier version, that one runs too, with its own default.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.faces_found import DATA, Image, portraits, texture

PICTURES, VIDEOS = 1000, 20
PROCESSES = 2
SECONDS, RATE, GLANCES = 3, 25, 5
SIZES = ((640, 480), (1024, 768), (1600, 1200))
TARGET_LOOP, TARGET_BEFORE = 1.3, 0.7
ROUNDS = 2


def run(*, quick: bool) -> dict[str, Any]:
    """Return how long `curate run` takes beside the loop, and beside an earlier version.

    Args:
        quick: A tenth of the files.
    """
    if not (DATA / "faces" / "london").is_dir():
        print("the London portraits are not there: nothing was measured")
        return {"met": False}
    pictures, videos = (PICTURES // 10, VIDEOS // 10) if quick else (PICTURES, VIDEOS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_media(folder / "media", pictures, videos)
        sides = {"ours": _curate(Path(__file__).parents[1]), "loop": _loop}
        if before := os.environ.get("CURATE_BEFORE"):
            sides["before"] = _curate(Path(before))
        best = dict.fromkeys(sides, float("inf"))
        for turn in range(ROUNDS):
            for name in list(sides) if turn % 2 == 0 else list(sides)[::-1]:
                taken = sides[name](folder / "media", folder / f"{name}-{turn}")
                best[name] = min(best[name], taken)
                print(f"{name:<8} {taken:8.1f} s", flush=True)
    return _report(best, pictures, videos)


def _report(best: dict[str, float], pictures: int, videos: int) -> dict[str, Any]:
    over_loop = best["ours"] / best["loop"]
    print(f"{pictures:,} pictures and {videos:,} videos, {PROCESSES} processes, least of {ROUNDS}")
    print(f"over the plain loop       {over_loop:6.2f}   target {TARGET_LOOP}")
    figures: dict[str, Any] = {"over_loop": over_loop, "targets": [TARGET_LOOP, TARGET_BEFORE]}
    met = over_loop <= TARGET_LOOP
    if "before" in best:
        figures["over_before"] = best["ours"] / best["before"]
        print(f"over the version before   {figures['over_before']:6.2f}   target {TARGET_BEFORE}")
        met = met and figures["over_before"] <= TARGET_BEFORE
    return figures | {"met": met}


def write_media(folder: Path, pictures: int, videos: int) -> None:
    """Write the pictures and videos."""
    from PIL import Image as Pictures

    folder.mkdir(parents=True)
    cuts = portraits(40)
    for number in range(pictures):
        dice = np.random.default_rng(number)
        pixels = Pictures.fromarray(_scene(dice, cuts, SIZES[number % len(SIZES)]))
        ending = {3: "png", 6: "webp"}.get(number % 10, "jpg")
        pixels.save(folder / f"{number:05d}.{ending}", quality=88)
    for number in range(videos):
        _write_video(folder / f"{number:03d}.mp4", np.random.default_rng(10**6 + number), cuts)


def _scene(dice: np.random.Generator, cuts: list[Image], size: tuple[int, int]) -> Image:
    from PIL import Image as Pictures

    ground = Pictures.fromarray(texture(dice, *size))
    for _ in range(int(dice.integers(0, 4))):
        side = int(dice.integers(60, 400))
        face = Pictures.fromarray(cuts[int(dice.integers(len(cuts)))]).resize((side, side))
        ground.paste(face, (int(dice.integers(size[0] - side)), int(dice.integers(size[1] - side))))
    return np.asarray(ground)


def _write_video(path: Path, dice: np.random.Generator, cuts: list[Image]) -> None:
    import av
    from PIL import Image as Pictures

    ground = texture(dice, 640, 360)
    face = Pictures.fromarray(cuts[int(dice.integers(len(cuts)))]).resize((160, 160))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(SECONDS * RATE):
            frame = Pictures.fromarray(ground)
            frame.paste(face, (40 + 4 * number, 80 + number % 50))
            made = av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")
            made.pts, made.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))


def _curate(checkout: Path) -> Any:
    """Return a side that ingests and runs with the `curate` of a checkout."""

    def side(media: Path, place: Path) -> float:
        environment = {**os.environ, "PYTHONPATH": str(checkout)}

        def call(*words: str) -> None:
            command = [sys.executable, "-m", "curate", *words]
            subprocess.run(command, check=True, env=environment, cwd=checkout, capture_output=True)

        call("init", str(place))
        call("ingest", str(media), "-w", str(place))
        began = time.perf_counter()
        call("run", "-j", str(PROCESSES), "-w", str(place))
        return time.perf_counter() - began

    return side


def _loop(media: Path, place: Path) -> float:
    del place
    files = sorted(media.iterdir())
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(_file, files, chunksize=8))
    return time.perf_counter() - began


@cache
def _analyzer() -> Any:
    from curate.faces import AnalyzerSpec, load

    return load(AnalyzerSpec("dlib", threads=1))


def _file(path: Path) -> int:
    """Do with one file what a careful script does, and return how many faces it shows."""
    import c2pa

    data = path.read_bytes()
    for name in ("sha256", "md5"):
        hashlib.new(name, data, usedforsecurity=False).hexdigest()
    # A file without a record is an error to this package.
    with suppress(c2pa.C2paError):
        c2pa.Reader(path.suffix[1:].replace("jpg", "jpeg"), io.BytesIO(data))
    return _video(path) if path.suffix == ".mp4" else _picture(data)


def _picture(data: bytes) -> int:
    import imagehash
    import pdqhash
    from PIL import Image as Pictures

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Pictures.open(io.BytesIO(data))
        picture.getexif()
        picture.getxmp()
        picture = picture.convert("RGB")
    pixels = np.asarray(picture)
    imagehash.phash(picture)
    imagehash.dhash(picture)
    pdqhash.compute_dihedral(pixels)
    return _faces(pixels)


def _video(path: Path) -> int:
    import av
    import pdqhash

    found = 0
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            pdqhash.compute(frame.to_ndarray(format="rgb24"))
            if number % (RATE // GLANCES) == 0:
                found += _faces(frame.to_ndarray(format="rgb24"))
    return found


def _faces(pixels: Image) -> int:
    analyzer = _analyzer()
    found = analyzer.detect(pixels)
    if len(found):
        analyzer.embed(analyzer.align(pixels, found.landmarks))
    return len(found)
