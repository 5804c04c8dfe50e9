"""Receipts that were edited, exchanged or never issued do not verify, and say why."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import curate
from curate.cli.main import main
from curate.errors import VerificationError
from curate.verbs.receipts import verify_receipt

SAID = (
    "subject,subject_kind,minor_at_capture,purposes,roles,operations,valid_from,valid_until\n"
    "p1,adult,no,train-detector,depicted,include;train_detector,2020-01-01,2100-01-01\n"
    "p2,adult,no,train-detector,depicted,include;train_detector,2020-01-01,2100-01-01\n"
)
ODD_STATEMENT = (
    '{"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": 1}}], '
    '"predicateType": "curate:erasure/v1", "predicate": {"request": [], "destroyed": 1}}'
)
Desk = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a workspace that issued a receipt of each kind, signed and not."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "settings"))
        patch.chdir(folder)
        (folder / "media").mkdir()
        for seed, name in enumerate("abc"):
            cells = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
            Image.fromarray(cells).resize((128, 128)).save(folder / "media" / f"{name}.png")
        listed = "path,label,subject,role\na.png,real,p1,depicted\nb.png,real,p2,depicted\n"
        (folder / "media" / "manifest.csv").write_text(listed)
        (folder / "said.csv").write_text(SAID)
        for line in (
            "init ws", "ingest media -w ws", "consent import said.csv -w ws",
            "run probe -w ws --jobs 1", "keys new desk", "keys new other",
            "requests open objection --subject p2 --id o1 -w ws",
            "requests move o1 fulfilled --outcome left-out -w ws",
            "requests open objection --subject p2 --id o2 -w ws",
            "requests move o2 refused --reason IdentityVerificationFailure --key desk -w ws",
            "consent export receipt p2 -o consents.json -w ws",
            "consent export receipt p2 --gdpr -o consents-gdpr.json -w ws",
            "consent withdraw p1 --yes -w ws",
            "consent erase p1 --yes -w ws", "consent erase p1 --yes --key desk -w ws",
            "consent withdraw p2 --yes -w ws",
        ):  # fmt: skip
            assert main(line.split()) == 0, line
    return folder


@pytest.fixture
def desk(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Return a function that runs the command line in a copy of the workspace."""
    shutil.copytree(made, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(made / "settings"))

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([*map(str, words), "-w", "ws"])
        return status, *capsys.readouterr()

    return run


def receipts() -> dict[str, Path]:
    """Return each kind of receipt that was issued."""
    plain, signed = sorted(Path("ws/receipts").glob("erasure-*.json"))
    return {
        "request": Path("ws/safety/receipts/o1.json"),
        "signed request": Path("ws/safety/receipts/o2.json"),
        "erasure": plain, "signed erasure": signed,
        "consents": Path("consents.json"), "consents by the GDPR": Path("consents-gdpr.json"),
    }  # fmt: skip


KINDS = ("request", "signed request", "erasure", "signed erasure", "consents",
         "consents by the GDPR")  # fmt: skip


def edited(path: Path, change: Callable[[Any], None]) -> None:
    """Change what a receipt says, in its envelope where it has one."""
    whole = json.loads(path.read_bytes())
    said = json.loads(base64.b64decode(whole["payload"])) if "payload" in whole else whole
    change(said)
    if "payload" in whole:
        whole["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
        said = whole
    path.write_text(json.dumps(said))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_issued_verifies(desk: Desk, kind: str) -> None:
    """Whatever happened since: another erasure, another withdrawal."""
    status, out, err = desk("requests", "receipt", "verify", receipts()[kind])
    assert (status, "verified, by what the ledger has" in out) == (0, True), (out, err)
    assert ("no key was named" in err) == kind.startswith("signed")


@pytest.mark.parametrize("kind", ["signed request", "signed erasure"])
def test_a_signature_is_checked_where_a_key_is_named(desk: Desk, kind: str) -> None:
    path = receipts()[kind]
    status, out, _ = desk("requests", "receipt", "verify", path, "--key", "desk")
    assert (status, "signed by a key you trust" in out) == (0, True)
    status, out, _ = desk("requests", "receipt", "verify", path, "--key", "other")
    assert (status, "no given key signed this" in out) == (4, True)


def test_a_receipt_that_should_be_signed_and_is_not(desk: Desk) -> None:
    status, out, _ = desk("requests", "receipt", "verify", receipts()["request"], "--key", "desk")
    assert status == 4
    assert "it is not signed" in out


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each text, number and list of what a receipt says."""
    if isinstance(value, dict):
        return [way for key, item in value.items() for way in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [path, *leaves(value[0], (*path, 0))]
    return [path]


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_a_receipt_can_be_changed(desk: Desk, kind: str) -> None:
    """Each value in turn, one put in and one taken out: nothing verifies, and it says why."""
    path = receipts()[kind]
    before = path.read_bytes()
    whole = json.loads(before)
    said = json.loads(base64.b64decode(whole["payload"])) if "payload" in whole else whole
    ways = leaves(said)
    assert len(ways) > 10

    def change(way: tuple[Any, ...]) -> Callable[[Any], None]:
        def do(value: Any) -> None:
            for step in way[:-1]:
                value = value[step]
            old = value[way[-1]]
            number = isinstance(old, int) and not isinstance(old, bool)
            value[way[-1]] = old + 1 if number else "edited"

        return do

    changes = [change(way) for way in ways]
    changes.append(lambda said: said.update({"more": 1}))
    changes.append(lambda said: said.popitem())
    passed, context = [], curate.open("ws").context
    for number, one in enumerate(changes):
        path.write_bytes(before)
        edited(path, one)
        try:
            if not verify_receipt(context, path).failures:
                passed.append(ways[number] if number < len(ways) else "more or less")
        except VerificationError:
            continue
    assert passed == []
    assert desk("requests", "receipt", "verify", path)[0] == 4


def test_a_receipt_of_another_workspace_does_not_verify(desk: Desk, made: Path) -> None:
    paths = receipts()
    shutil.rmtree("ws")
    assert main(["init", "ws"]) == 0
    for path in (made / one for one in paths.values()):
        status, out, err = desk("requests", "receipt", "verify", path)
        assert status == 4, (path, out, err)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "{", '{"payload": "x"}', '{"payload": 3, "payloadType": ""}',
     '{"@type": "dpv:ConsentReceipt"}', '{"request_id": 1, "closed_at": 2, "ledger": 3}',
     '{"request_id": "o1", "closed_at": 2, "ledger": {"size": "x", "root": []}}',
     '{"payload": "' + base64.b64encode(b"[1]").decode() + '"}', "[" * 5000,
     ODD_STATEMENT],
)  # fmt: skip
def test_what_is_no_receipt_says_so(desk: Desk, text: str) -> None:
    Path("odd.json").write_text(text)
    status, _, err = desk("requests", "receipt", "verify", "odd.json")
    assert status == 4, err
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_wrong_input(desk: Desk) -> None:
    assert desk("requests", "receipt", "verify", "none.json")[0] == 2


def test_a_ledger_that_was_changed_vouches_for_nothing(desk: Desk) -> None:
    import sqlite3

    with sqlite3.connect("ws/ledger.sqlite") as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            ledger.execute(f"DROP TRIGGER {name}")
        ledger.execute("UPDATE entries SET record = replace(record, 'left-out', 'deleted')")
    status, out, _ = desk("requests", "receipt", "verify", receipts()["request"])
    assert status == 4
    assert "the ledger itself was changed" in out
