"""The ledger keeps its promises: nothing acknowledged is lost, and no byte changes unseen.

`CURATE_EVENTS` (100 by default) is how many events each writer appends; the full size, which the
ledger is released by, is 500: ``CURATE_EVENTS=500 pytest tests/acceptance/test_ledger.py``.
`CURATE_FLIPS` (7 by default) is the step between the bytes flipped; the full size is 1.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from curate.catalog.ledger import Ledger
from curate.catalog.proofs import ConsistencyProof
from curate.errors import InvalidFileError
from tests.acceptance.conftest import Curate
from tests.factories import consent, day, event, subject

EVENTS = int(os.environ.get("CURATE_EVENTS", "100"))
STEP = int(os.environ.get("CURATE_FLIPS", "7"))
WRITERS = 20

# A writer says an event's id once `record` has returned: from then on it must be there.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from curate.catalog.ledger import Ledger
from curate.catalog.proofs import ConsistencyProof

path, writer, events = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for number in range(events):
    row = {
        "event_id": f"{writer}/{number}",
        "consent_id": "c1",
        "subject_id": "p01",
        "state": "ConsentGiven",
        "effective_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    Ledger(path).record("consent_events", [row], recorded_at=datetime.now(UTC))
    print(row["event_id"], flush=True)
"""


def _start(ledger: Ledger, writer: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(ledger.path), f"w{writer}", str(EVENTS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _follow(writer: subprocess.Popen[str], fate: float | None) -> list[str]:
    """Return what a writer acknowledged; kill it somewhere after the share `fate` of its events."""
    said = []
    with writer:
        assert writer.stdout
        for line in writer.stdout:
            said.append(line.strip())
            if fate is not None and len(said) >= fate * EVENTS:
                time.sleep(fate / 200)  # in the middle of an append, wherever that is
                writer.kill()
                fate = None
    return said


def test_twenty_writers_half_of_them_killed(tmp_path: Path) -> None:
    """Every event that was acknowledged is there, once, and the ledger verifies."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    writers = [_start(ledger, n) for n in range(WRITERS)]
    for writer in writers:
        assert writer.stdout
        assert writer.stdin
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()

    dice = random.Random(3)
    fates = [dice.uniform(0, 0.8) if n < WRITERS // 2 else None for n in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as followers:
        said = list(followers.map(_follow, writers, fates))

    # One that had finished when its moment came was not killed: on a stalled machine, some.
    killed = sum(writer.returncode == -signal.SIGKILL for writer in writers[: WRITERS // 2])
    assert killed > WRITERS // 4
    assert [writer.returncode for writer in writers[WRITERS // 2 :]] == [0] * (WRITERS // 2)
    assert all(len(ids) == EVENTS for ids in said[WRITERS // 2 :])
    acknowledged = [event_id for ids in said for event_id in ids]
    kept = ledger.read("consent_events")["event_id"].to_pylist()
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(kept)
    # One more than was acknowledged may be there for each killed writer, and nothing twice.
    assert len(set(kept)) == len(kept) == ledger.root()[0] <= len(acknowledged) + WRITERS // 2
    assert ledger.verify(ledger.checkpoint())
    sys.stderr.write(f"{killed} killed, {len(acknowledged)} acknowledged, {len(kept)} kept\n")


@pytest.fixture
def small(tmp_path: Path) -> Ledger:
    """Return a small ledger of every kind of change, an erasure among them."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("subjects", [subject("p01"), subject("p02")], recorded_at=day(1))
    ledger.record("consents", [consent("c1"), consent("c2", "p02")], recorded_at=day(2))
    ledger.record("consent_events", [event(day(1))], recorded_at=day(3))
    ledger.erase("p01", basis="GDPR Art. 17(1)(b)", recorded_at=day(4))
    ledger.record("consents", [consent("c3", "p03")], recorded_at=day(5))
    return ledger


def test_every_flipped_byte_is_detected(small: Ledger) -> None:
    """Whatever byte of the file changes, verifying says so or the file does not open."""
    checkpoint = small.checkpoint()
    whole = small.path.read_bytes()
    assert small.verify(checkpoint)

    unseen = []
    for place in range(0, len(whole), STEP):
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        small.path.write_bytes(flipped)
        try:
            if small.verify(checkpoint):
                unseen.append(place)
        except InvalidFileError:
            pass

    assert unseen == []
    small.path.write_bytes(whole)
    assert small.verify(checkpoint)
    sys.stderr.write(f"{len(range(0, len(whole), STEP))} of {len(whole)} bytes flipped\n")


def test_ledger_cut_off_anywhere_is_detected(small: Ledger) -> None:
    """A copy that stopped half-way does not pass, wherever it stopped."""
    checkpoint = small.checkpoint()
    whole = small.path.read_bytes()

    unseen = []
    for length in range(0, len(whole), 101):
        small.path.write_bytes(whole[:length])
        try:
            if small.verify(checkpoint):
                unseen.append(length)
        except InvalidFileError:
            pass

    assert unseen == []


def test_verify_command_tells_a_good_ledger_from_a_bad_one(curate: Curate, tmp_path: Path) -> None:
    """A checkpoint that was kept proves that the ledger only grew, until someone changes it."""
    curate("init", "ws")
    columns = "subject,operations,roles,purposes,valid_from"
    for who in ("p01", "p02"):
        row = f"{who},include,depicted,train-detector,2025-01-01"
        (tmp_path / f"{who}.csv").write_text(f"{columns}\n{row}\n")
    verify = ("consent", "verify", "-w", "ws")
    curate("consent", "import", "p01.csv", "-w", "ws")
    curate(*verify, "--write-checkpoint", "kept.txt")
    curate("consent", "import", "p02.csv", "-w", "ws")

    good = curate(*verify, "--checkpoint", "kept.txt")
    printed = json.loads(curate(*verify, "--checkpoint", "kept.txt", "--json").out)
    ledger = tmp_path / "ws" / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes().replace(b'"subject_id":"p02"', b'"subject_id":"p09"'))
    bad = curate(*verify, "--checkpoint", "kept.txt", status=4)
    told = json.loads(curate(*verify, "--json", status=4).out)

    assert "it was only added to" in good.out
    assert printed["verified"]
    assert ConsistencyProof.from_json(printed["consistency"])
    wrong = told["problems"][0]
    assert not told["verified"]
    assert wrong["problem"] == "its record or salt was changed"
    assert f"entry {wrong['entry']}: its record or salt was changed" in bad.err
