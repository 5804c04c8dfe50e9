"""`kill -9` at random moments of a build: no release that verifies and is not whole.

CURATE_KILLS sets how many; nightly runs take 50.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curate.release.verify import verify
from tests.issued import MODEL_SECRET, SECRET, Desk

KILLS = int(os.environ.get("CURATE_KILLS", "6"))
KEYS = (SECRET.public, MODEL_SECRET.public)
ITEMS = 120

_BUILD = """
import sys
from pathlib import Path
from curate.signing import SigningKey
import curate.release.shards as shards
from tests.issued import Desk
shards.MOST_ITEMS = 20
root, pem = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
desk = Desk(root, keys=(SigningKey.from_pem(pem, where="test"),))
print("ready", flush=True)
desk.release("v1", [f"{n}.png" for n in range(ITEMS)])
print("done", flush=True)
""".replace("ITEMS", str(ITEMS))


@pytest.mark.slow
def test_killed_build_leaves_nothing_that_verifies_and_is_not_whole(tmp_path: Path) -> None:
    """A re-run completes; the data and every document are the same to the byte."""
    pem = tmp_path / "key.pem"
    pem.write_text(SECRET.pem(), "ascii")
    whole = _content(_run(tmp_path / "whole", pem))
    chance = random.Random(11)
    seconds = _seconds(tmp_path / "timed", pem)
    seen = {"no release": 0, "whole": 0}
    for number in range(KILLS):
        root = tmp_path / f"ws{number}"
        _killed(root, pem, chance.uniform(0, seconds))
        folder = root / "releases" / "v1"
        for found in (root / "releases").glob("*") if folder.parent.is_dir() else ():
            if verify(found, KEYS[:1]):
                assert found == folder
                assert _content(found) == whole
        if folder.exists():
            assert verify(folder, KEYS[:1]).failures == ()
            seen["whole"] += 1
            # The machine is faster than when it was timed.
            seconds /= 2
            continue
        seen["no release"] += 1
        made = _run(root, pem)
        assert verify(made, KEYS[:1]).failures == ()
        assert _content(made) == whole
        rows = Desk(root).record.releases()
        assert [row["name"] for row in rows] == ["v1"]
        assert Desk(root).record.items().num_rows == ITEMS
    assert seen["no release"] > 0, seen


def _content(folder: Path) -> dict[str, bytes]:
    """Return the files that do not hold what a ledger salts, or a signature over that."""
    made_later = {"log", "attestation.dsse.json"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in made_later
    }


def _start(root: Path, pem: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _BUILD, str(root), str(pem)]
    place = Path(__file__).resolve().parents[3]
    started = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def _run(root: Path, pem: Path) -> Path:
    with _start(root, pem) as process:
        assert process.wait(300) == 0
    return root / "releases" / "v1"


def _seconds(root: Path, pem: Path) -> float:
    """Return how long a build takes here and now, to kill others within."""
    with _start(root, pem) as process:
        begun = time.monotonic()
        assert process.wait(300) == 0
        return time.monotonic() - begun


def _killed(root: Path, pem: Path, after: float) -> None:
    with _start(root, pem) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
