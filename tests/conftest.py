"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture
def own_keyring() -> Iterator[None]:
    """Use a keyring in memory, a backend as the package defines one; skip without the package."""
    keyring = pytest.importorskip("keyring", reason="the extra curate[keyring] is not installed")
    from keyring.backend import KeyringBackend

    class InMemory(KeyringBackend):
        priority = 1.0

        def __init__(self) -> None:
            super().__init__()
            self.held: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.held.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.held[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    yield
    keyring.set_keyring(before)
