"""Importing curate is cheap: heavy packages load only where they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("cleanlab", "cv2", "dlib", "duckdb", "faiss", "fiftyone", "insightface", "mlcroissant",
         "numba", "onnxruntime", "openvino", "pandas", "pyarrow", "ray")  # fmt: skip


@pytest.mark.parametrize("module", ["curate", "curate.cli.main"])
def test_import_loads_no_heavy_package(module: str) -> None:
    """Neither the package nor its command line loads what a command may never need."""
    program = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
