"""Leak certificates: signed by one, verified by another who has a file and a public key."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.cli.main import main


@pytest.fixture
def signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a workspace that leaks, its signed certificate and the public key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    rows = ["path,label,split,subject"]
    for number in range(6):
        Image.new("RGB", (8, 8), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,real,{('train', 'test')[number % 2]},p{number // 3}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    curate.init(tmp_path / "ws").ingest(tmp_path / "manifest.csv")
    assert main(["keys", "new", "lab"]) == 0
    assert main(["keys", "export", "lab", "-o", "lab.pub"]) == 0
    assert main(["split", "lint", "-w", "ws", "--certificate", "leaks.json", "--key", "lab"]) == 1
    return tmp_path


def test_a_certificate_verifies_with_the_file_and_the_key_alone(
    signed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1: it is genuine, and it tells of leaks."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(signed / "others"))
    (signed / "ws").rename(signed / "elsewhere")
    capsys.readouterr()

    status = main(["split", "verify", "leaks.json", "--public", "lab.pub"])

    assert status == 1
    said = capsys.readouterr().out
    assert "identity: 2 groups in train and test" in said
    assert "not checked: " in said


def test_each_change_to_a_certificate_is_found(signed: Path) -> None:
    """The count of leaks is lowered, the payload cut short, the signature taken away."""
    path = signed / "leaks.json"
    whole = json.loads(path.read_text("utf-8"))
    payload = base64.b64decode(whole["payload"])
    lowered = payload.replace(b'"groups":2', b'"groups":0')
    assert lowered != payload
    forged = [
        whole | {"payload": base64.b64encode(lowered).decode()},
        whole | {"payload": base64.b64encode(payload[:-1]).decode()},
        whole | {"signatures": []},
        json.loads(payload),
    ]

    for one in forged:
        path.write_text(json.dumps(one), "utf-8")
        assert main(["split", "verify", "leaks.json", "--public", "lab.pub"]) == 4
    path.write_text("{", "utf-8")
    assert main(["split", "verify", "leaks.json", "--public", "lab.pub"]) == 4


def test_a_certificate_of_other_splits_is_told_by_name(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["split", "verify", "leaks.json", "--public", "lab.pub", "-w", "ws"]
    assert main(command) == 1
    text = (
        (signed / "manifest.csv").read_text("utf-8").replace("0.png,real,train", "0.png,real,test")
    )
    (signed / "manifest.csv").write_text(text, "utf-8")
    curate.open(signed / "ws").ingest(signed / "manifest.csv")
    capsys.readouterr()

    assert main(command) == 4
    assert "train, test" in capsys.readouterr().err


def test_another_key_exits_4_and_a_key_that_is_not_there_3(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "new", "other"])

    assert main(["split", "verify", "leaks.json", "--public", "other"]) == 4
    assert "no given key signed this" in capsys.readouterr().err
    assert main(["split", "lint", "-w", "ws", "--certificate", "c.json", "--key", "gone"]) == 3
    assert not (signed / "c.json").exists()
    assert main(["split", "lint", "-w", "ws", "--key", "lab"]) == 2


def test_keys_are_listed_and_shown_without_their_secret(
    signed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CURATE_PASSPHRASE", "correct horse")
    main(["keys", "new", "sealed", "--passphrase"])
    capsys.readouterr()

    main(["keys", "list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    main(["keys", "show", "sealed"])
    shown = capsys.readouterr().out
    main(["keys", "export", "sealed"])
    exported = capsys.readouterr().out

    assert [(one["name"], one["private"]) for one in listed] == [
        ("lab", "file"), ("sealed", "file, passphrase"),
    ]  # fmt: skip
    assert listed[1]["keyid"] in shown
    assert "PUBLIC KEY" in exported
    assert "PRIVATE" not in shown + exported
    assert (signed / "settings/curate/signing/sealed.pem").stat().st_mode & 0o777 == 0o600


def test_a_sealed_key_signs_with_its_passphrase_alone(
    signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATE_PASSPHRASE", "correct horse")
    main(["keys", "new", "sealed", "--passphrase"])
    command = ["split", "lint", "-w", "ws", "--certificate", "s.json", "--key", "sealed"]

    assert main(command) == 1
    assert main(["split", "verify", "s.json", "--public", "sealed"]) == 1
    for wrong in ("wrong", ""):
        monkeypatch.setenv("CURATE_PASSPHRASE", wrong)
        assert main(command) == 3
    assert signed.is_dir()
