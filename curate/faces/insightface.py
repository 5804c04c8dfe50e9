"""Any insightface pack: an SCRFD or RetinaFace detector and an ArcFace recogniser.

The library's own `FaceAnalysis.get` embeds one face per call and detects at two sizes; here
detection has one size and the aligned crops of many faces go through `get_feat` together. The
folder is checked first, because `FaceAnalysis` downloads a pack that it does not find. Only
detection and recognition are loaded: age and gender are never inferred.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.errors import DependencyError, MissingModelError
from curate.faces.analyzer import (
    CPU_BATCH,
    GPU_BATCH,
    AnalyzerSpec,
    Detections,
    Floats,
    Image,
    ModelInfo,
    digest_files,
    shares,
    unit_rows,
)
from curate.faces.openvino import compiled
from curate.faces.scrfd import Layout, found_faces
from curate.faces.warp import aligned, planes

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# Measured on portraits in scenes, as searched: 29 of 30 at 24 px, 30 of 30 at 28 px and more.
_SMALLEST = 28.0

# insightface/utils/face_align.py: arcface_dst, for a crop of 112 px.
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)


class InsightFaceAnalyzer:
    """An insightface pack behind the protocol.

    Raises:
        DependencyError: insightface or onnxruntime is not installed, or CUDA was asked for and
            onnxruntime does not offer it.
        MissingModelError: The folder does not hold a detector and a recogniser.
    """

    needs_rim = True

    def __init__(self, spec: AnalyzerSpec) -> None:
        folder = pack_folder(spec.path)
        threshold = 0.5 if spec.det_threshold is None else spec.det_threshold
        app = _analysis(folder, spec)
        gpu = _on_gpu(app)
        app.prepare(0 if gpu else -1, det_thresh=threshold, det_size=(spec.det_size,) * 2)
        self._size = spec.det_size
        self._detector = app.models["detection"]
        if not self._detector.use_kps:
            raise MissingModelError("the pack's detector gives no landmarks", where=str(folder))
        self._layout = Layout(
            tuple(self._detector._feat_stride_fpn),  # noqa: SLF001 - it has no other name
            self._detector._num_anchors,  # noqa: SLF001 - as above
        )
        self._network = _network(self._detector, spec.threads, gpu=gpu)
        self._scratch = np.empty(0, np.float32)
        self._recogniser = app.models["recognition"]
        self._crop = int(self._recogniser.input_size[0])
        self._template = template(self._crop)
        self._batch = _accept_batches(
            self._recogniser, spec.batch_size or (GPU_BATCH if gpu else CPU_BATCH)
        )
        files = [Path(m.model_file) for m in (self._detector, self._recogniser)]
        self.info = ModelInfo(
            name=f"insightface-{folder.name}",
            digest=digest_files(files),
            licence="InsightFace pretrained weights: non-commercial research only",
            # The library's terms cover every pretrained pack; a pack of one's own needs a
            # word in curate.toml, not a guess here.
            non_commercial=True,
            embedding_dim=int(self._recogniser.output_shape[-1]),
            preprocessing=(
                f"{files[0].stem} at {spec.det_size} px; arcface template, {self._crop} px; "
                f"(x - {self._recogniser.input_mean}) / {self._recogniser.input_std}"
            ),
            landmarks="eyes-nose-mouth",
            template=shares(self._template, self._crop),
            default_threshold=0.41,
            default_strict=0.47,
            threshold_basis="measured on two public sets at a false match rate of 0.001",
            sure_score=0.6,
        )

    def detect(self, image: Image) -> Detections:
        """Return the faces in `image`; scores are 0 to 1.

        The library fills a picture up to a square. The rows that would only be filling are
        left out, which changes nothing but the time.
        """
        detector = self._detector
        width, height = detector.static_input_size or canvas(
            image.shape[1], image.shape[0], self._size
        )
        values = self._input(width, height)
        scale = planes(image, (width, height), detector.input_mean, values[0])
        values *= np.float32(1 / detector.input_std)
        found = found_faces(
            self._network(values),
            width,
            self._layout,
            threshold=detector.det_thresh,
            overlap=detector.nms_thresh,
        )
        return replace(found, smallest_px=_SMALLEST).moved(scale=1 / scale)

    def _input(self, width: int, height: int) -> Floats:
        """Return room for the detector's input, shape (1, 3, height, width)."""
        count = 3 * width * height
        if self._scratch.size < count:
            self._scratch = np.empty(count, np.float32)
        return self._scratch[:count].reshape(1, 3, height, width)

    def align(self, image: Image, landmarks: Floats) -> Image:
        """Return crops on the ArcFace template, shape (n, 112, 112, 3) for most packs."""
        points = np.asarray(landmarks, np.float32).reshape(-1, 5, 2)
        return aligned(np.ascontiguousarray(image), points, self._template, self._crop)

    def embed(self, crops: Image) -> Floats:
        """Return unit embeddings, shape (n, D)."""
        net = self._recogniser
        rows = [np.empty((0, self.info.embedding_dim), np.float32)]
        for start in range(0, len(crops), self._batch):
            batch = crops[start : start + self._batch].transpose(0, 3, 1, 2)
            values = np.subtract(batch, np.float32(net.input_mean), dtype=np.float32, order="C")
            values *= np.float32(1 / net.input_std)
            rows.append(net.session.run(net.output_names, {net.input_name: values})[0])
        return unit_rows(np.concatenate(rows))


def canvas(width: int, height: int, longer_side: int) -> tuple[int, int]:
    """Return the width and height of the detector's input for a picture, multiples of 32.

    >>> canvas(1280, 720, 640)
    (640, 384)
    """
    scale = longer_side / max(width, height)
    across, down = (max(1, -(-round(side * scale) // 32)) * 32 for side in (width, height))
    return across, down


def template(size: int) -> Floats:
    """Return insightface's five target points for a crop of `size` px, shape (5, 2)."""
    if size % 112 == 0:
        return (TEMPLATE * np.float32(size / 112)).astype(np.float32)
    ratio = np.float32(size / 128)
    return (TEMPLATE * ratio + np.array([8.0 * ratio, 0], np.float32)).astype(np.float32)


def pack_folder(path: str) -> Path:
    """Return the folder of a pack, given its path or the name of one already in place.

    Raises:
        MissingModelError: There is no such folder, or no ONNX file in it.
    """
    hint = "unpack the pack yourself and name its folder in curate.toml under [faces]"
    if not path:
        raise MissingModelError("insightface needs the folder of a model pack", hint=hint)
    named = Path("~/.insightface/models").expanduser() / path
    folder = Path(path).expanduser()
    if not folder.is_dir() and named.is_dir():
        folder = named
    if not folder.is_dir():
        raise MissingModelError("no such folder of a model pack", where=path, hint=hint)
    if not any(folder.glob("*.onnx")):
        raise MissingModelError("no ONNX file in the pack", where=str(folder), hint=hint)
    return folder


def _analysis(folder: Path, spec: AnalyzerSpec) -> Any:  # insightface is untyped
    try:
        import onnxruntime
        from insightface.app import FaceAnalysis
    except ImportError as error:
        raise DependencyError(f"{error.name} is not installed") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = spec.threads
    try:
        app = FaceAnalysis(
            name=str(folder),
            allowed_modules=["detection", "recognition"],
            providers=_providers(spec.device, onnxruntime.get_available_providers()),
            sess_options=options,
            # One session for inputs of all shapes: one per shape is no faster and takes memory.
            static_shape_sessions=False,
        )
    except AssertionError as error:  # its way of saying that there is no detector
        raise MissingModelError("no detector in the pack", where=str(folder)) from error
    if "recognition" not in app.models:
        raise MissingModelError("no recogniser in the pack", where=str(folder))
    return app


def _providers(device: str, available: list[str]) -> list[str]:
    has_cuda = "CUDAExecutionProvider" in available
    if device == "cuda" and not has_cuda:
        raise DependencyError(
            "onnxruntime here has no CUDA", hint="install onnxruntime-gpu, or use device = 'cpu'"
        )
    cpu = ["CPUExecutionProvider"]
    return ["CUDAExecutionProvider", *cpu] if has_cuda and device != "cpu" else cpu


def _on_gpu(app: Any) -> bool:  # insightface is untyped
    return "CUDAExecutionProvider" in app.models["recognition"].session.get_providers()


def _network(detector: Any, threads: int, *, gpu: bool) -> Callable[[Floats], list[Floats]]:
    """Return the detector's network: one input to all outputs, in the order of the file.

    On a processor OpenVINO runs it, a fifth faster than onnxruntime and to the sixth digit the
    same; where that is not installed, or cannot, and on a GPU, the library's own session does.
    """
    names, given = detector.output_names, detector.input_name
    if not gpu:
        size = detector.static_input_size or (-1, -1)
        try:
            request = compiled(
                Path(detector.model_file), [1, 3, size[1], size[0]], threads=threads
            ).create_infer_request()
        except (DependencyError, MissingModelError) as error:
            logger.debug("onnxruntime runs the detector: %s", error)
        else:

            def run(values: Floats) -> list[Floats]:
                found = request.infer({given: values}, share_inputs=True, share_outputs=True)
                return [found[name] for name in names]

            return run
    return lambda values: list(detector.session.run(names, {given: values}))


def _accept_batches(recogniser: Any, batch_size: int) -> int:  # as above
    """Make `recogniser` take many crops per call, and return how many it does.

    Some packs were exported for one crop per call: a shape of 1 in the graph's input, output
    and last reshape. That is undone in memory, and kept only if two crops then embed as they
    do alone; otherwise crops go one by one.
    """
    if recogniser.input_shape[0] != 1:
        return batch_size
    single = recogniser.session
    rng = np.random.default_rng(0)
    crops = list(rng.integers(0, 256, (2, *recogniser.input_size, 3), dtype=np.uint8))
    alone = np.concatenate([recogniser.get_feat(c) for c in crops])
    try:
        recogniser.session = _session_for_batches(recogniser.model_file, single)
        together = recogniser.get_feat(crops)
        if together.shape == alone.shape and np.allclose(together, alone, rtol=1e-3, atol=1e-3):
            return batch_size
    # onnxruntime raises several classes of its own; any failure means: one by one.
    except Exception as error:  # noqa: BLE001
        logger.debug("the recogniser does not take batches: %s", error)
    recogniser.session = single
    return 1


def _session_for_batches(path: str, like: Any) -> Any:  # onnx is untyped
    import onnx
    import onnxruntime

    model = onnx.load(path)
    for value in [model.graph.input[0], *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]
    shapes = {n.input[1] for n in model.graph.node if n.op_type == "Reshape"}
    tensors = [t for t in model.graph.initializer if t.name in shapes]
    tensors += [
        n.attribute[0].t
        for n in model.graph.node
        if n.op_type == "Constant" and n.output[0] in shapes
    ]
    for tensor in tensors:
        values = onnx.numpy_helper.to_array(tensor).copy()
        if values.size and values[0] == 1:
            values[0] = 0  # in a reshape: as many as the input has
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return onnxruntime.InferenceSession(
        model.SerializeToString(),
        sess_options=like.get_session_options(),
        providers=like.get_providers(),
    )
