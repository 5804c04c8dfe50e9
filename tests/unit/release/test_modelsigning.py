"""The directory's signature, checked by the tool of OpenSSF model-signing itself.

The tool is no dependency: its tests skip where it is not installed. ``make bench-setup`` puts it
beside the product, and CURATE_MODEL_SIGNING names another place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from curate.release.modelsigning import NAME
from tests.issued import MODEL_SECRET, SECRET, Desk

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tool() -> str:
    """Return the path of ``model_signing``."""
    named = os.environ.get("CURATE_MODEL_SIGNING") or shutil.which("model_signing")
    beside = ROOT / ".bench-venv" / "bin" / "model_signing"
    found = named or (str(beside) if beside.is_file() else None)
    if found is None:
        pytest.skip("model_signing is not installed; `make bench-setup` does, apart from curate")
    return found


@pytest.mark.slow
def test_its_own_tool_verifies_the_directory(tmp_path: Path, tool: str) -> None:
    """As it is; and no longer with a file changed, added or missing, or by another key."""
    folder = Desk(tmp_path / "ws").release("v1")[0].folder
    key, other = tmp_path / "key.pub", tmp_path / "other.pub"
    key.write_text(MODEL_SECRET.public.pem(), "ascii")
    from curate.signing import new_key

    other.write_text(new_key("ecdsa-p256").public.pem(), "ascii")

    def accepts(public: Path = key) -> bool:
        command = [tool, "verify", "key", str(folder), "--signature", str(folder / NAME),
                   "--public_key", str(public)]  # fmt: skip
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert accepts()
    assert not accepts(other)
    (picture, *_) = (folder / "media").rglob("*.png")
    data = picture.read_bytes()
    picture.write_bytes(data + b"x")
    assert not accepts()
    picture.unlink()
    assert not accepts()
    picture.write_bytes(data)
    assert accepts()
    (folder / "extra").write_bytes(b"")
    assert not accepts()


def test_key_of_another_kind_makes_no_such_signature(tmp_path: Path) -> None:
    """The tool takes ECDSA alone: with Ed25519 a release has its attestations and no more."""
    folder = Desk(tmp_path / "ws", keys=(SECRET,)).release("v1")[0].folder

    assert not (folder / NAME).exists()
