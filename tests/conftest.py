"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Shared runners stall now and then: an example's time says nothing about curate.
settings.register_profile(
    "curate", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("curate")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared test data, or skip: most of the suite runs without it."""
    folder = Path(os.environ.get("CURATE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "faces").is_dir():
        pytest.skip(f"the shared test data is absent ({folder}); set CURATE_TEST_DATA")
    return folder
