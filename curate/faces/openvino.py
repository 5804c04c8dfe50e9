"""Networks run by OpenVINO on the processor: the one place where it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate.errors import DependencyError, MissingModelError


def has_half_precision() -> bool:
    """Return whether OpenVINO is installed, and this processor has half precision (bfloat16)."""
    try:
        import openvino
    except ImportError:
        return False
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compiled(  # OpenVINO is untyped
    network: Path, shape: list[int], *, threads: int, coarse: bool = False
) -> Any:
    """Return a network that takes inputs of a shape.

    Args:
        network: An IR (``.xml``) or ONNX file.
        shape: Of its one input; -1 for what varies.
        threads: Threads for inference; 0 leaves it to the runtime.
        coarse: In half precision, where the processor has it, and not in single precision.

    Raises:
        DependencyError: OpenVINO is not installed.
        MissingModelError: It cannot read the file, or not give it that shape.
    """
    try:
        import openvino
    except ImportError as error:
        raise DependencyError("OpenVINO is not installed") from error
    core = openvino.Core()
    try:
        model = core.read_model(str(network))
        model.reshape(shape)
    except RuntimeError as error:
        raise MissingModelError("OpenVINO cannot read the model", where=str(network)) from error
    settings: dict[str, Any] = {
        # Half precision on some processors would move embeddings between machines.
        "INFERENCE_PRECISION_HINT": "bf16" if coarse else "f32",
        # Workers pin themselves to the same core: two would take turns on it.
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    return core.compile_model(model, "CPU", settings)
