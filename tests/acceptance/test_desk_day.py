"""A day at the rights desk, from `docs/rights-desk.md` alone: its commands, in its order.

Five people of the London set are in a release in several formats, and a lab has a copy of it.
"""

from __future__ import annotations

import html
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

import curate as curate_
from tests.acceptance.conftest import Curate, Ran
from tests.acceptance.story import Story

GUIDE = (Path(__file__).parents[2] / "docs" / "rights-desk.md").read_text(encoding="utf-8")
# Whom the guide calls what.
WHO = {"p01": "p005", "p02": "p012", "p03": "p025", "p04": "p062"}
TAKEN_DOWN = "099"
# Nothing for machines belongs in a letter.
INTERNAL = re.compile(r"\d{4}-\d\d-\d\d|[a-z]_[a-z]|[a-z][A-Z]|[0-9a-f]{16}|\bNone\b|\b[A-Z]{3}\d")


@pytest.fixture
def ws(story: Story, tmp_path: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the workspace as it is in the morning."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    for person in (*(name[1:] for name in WHO.values()), TAKEN_DOWN):
        story.person(person)
    ws = story.written(curate)
    curate("run", "-w", ws)
    for name, text in re.findall(r"```toml (\S+)\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return ws


def commands() -> list[list[str]]:
    """Return the guide's commands, with its people called as in the set."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    text = "\n".join(blocks)
    for name, person in WHO.items():
        text = re.sub(rf"\b{name}\b", person, text)
    # What the shell keeps in EVENT is read from what the command prints.
    text = re.sub(r"^EVENT=\$\((curate [^|]*) \| .*\)$", r"\1", text, flags=re.MULTILINE)
    text = text.replace('"$EVENT"', "EVENT")
    return [shlex.split(line, comments=True)[1:] for line in text.splitlines() if line]


@pytest.mark.slow
def test_the_day_goes_as_the_guide_says(
    ws: Path, story: Story, tmp_path: Path, curate: Curate
) -> None:
    """Each command runs, each letter says what became of it, and nothing of the erased is left."""
    _write_pictures(story, tmp_path)
    erased = [story.media / f"{WHO['p04'][1:]}_{number}.jpg" for number in ("03", "08")]
    ran, event = _whole_day(curate)
    said = {" ".join(words[:3]): done.out for words, done in ran}
    assert "; 1 entry" in said["requests open takedown_likeness"]
    assert "lab-a has release v1" in said["requests open takedown_likeness"]
    assert "something was recorded since" not in said["release list -w"]
    assert "lab-a" in said["release list -w"]
    assert "verified, signed by a key you trust" in said["requests receipt verify"]
    letters = {path.stem: _read(path) for path in tmp_path.glob("*.html")}
    for name, phrases in PHRASES.items():
        if name in letters:
            for phrase in phrases:
                assert phrase in letters[name], (name, phrase, letters[name])
    assert {*letters, "erasure"} == set(PHRASES)
    for text in letters.values():
        assert not INTERNAL.search(text.replace(event, "")), (INTERNAL.search(text), text)
        assert not [who for who in WHO.values() if who in text and f"reference: {who}" not in text]
    for path in tmp_path.glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF")

    # What was said stands: who withdrew and who is taken down is out, the mistake changed nothing.
    audited = curate_.open(ws).audit()
    rows = {r["media_id"]: r["locator"] for r in curate_.open(ws).catalog.read("media").to_pylist()}
    verdicts = {rows[v["media_id"]]: v["verdict"] for v in audited.verdicts.to_pylist()}
    assert verdicts["005_03.jpg"] == verdicts[f"{TAKEN_DOWN}_03.jpg"] == "blocked"
    assert verdicts["012_03.jpg"] == "cleared"
    assert not any(path.exists() for path in erased)
    held = json.loads((tmp_path / f"held-of-{WHO['p03']}" / "held.json").read_text("utf-8"))
    assert [one["recipient"] for one in held["releases"][0]["recipients"]] == ["lab-a"]
    assert held["faces_alike"] == 0

    # The same picture, cut or saved again: the same, or near, and never passed over.
    for name in ("cut.jpg", "saved again.jpg"):
        told = json.loads(curate("requests", "open", "takedown_likeness", "--file", name, "-w", ws,
                                 "--json").out)["found"]  # fmt: skip
        assert f"{TAKEN_DOWN}_03.jpg" in [*(rows[one] for one in told["same"]), *told["near"]], name
    # Who has no other name and was erased gets an answer still.
    curate("requests", "open", "access", "--subject", WHO["p04"], "--id", "a-2", "-w", ws)
    curate("requests", "move", "a-2", "fulfilled", "--outcome", "sent", "-w", ws)
    curate("requests", "letter", "a-2", "--out", "after.html", "-w", ws)
    assert "We erased our records of what you agreed to" in _read(tmp_path / "after.html")


def _write_pictures(story: Story, folder: Path) -> None:
    """Write what is sent in of one picture: mirrored, cut at the top, and saved again."""
    with Image.open(story.media / f"{TAKEN_DOWN}_03.jpg") as opened:
        ImageOps.mirror(opened).save(folder / "picture.jpg", quality=60)
        width, height = opened.size
        cut = opened.crop((0, round(height * 0.06), width, height))
        cut.save(folder / "cut.jpg", quality=90)
        opened.resize((300, 300)).save(folder / "saved again.jpg", quality=30)


def _whole_day(curate: Curate) -> tuple[list[tuple[list[str], Ran]], str]:
    """Run the guide's commands; return what each said, and the id of the last withdrawal."""
    ran: list[tuple[list[str], Ran]] = []
    event = ""
    for words in commands():
        if words[-3].endswith(".pdf") and shutil.which("chromium") is None:
            words[-3] = words[-3].replace(".pdf", ".html")
        done = curate(*(event if word == "EVENT" else word for word in words), status=None)
        assert done.status == 0, (words, done)
        ran.append((words, done))
        if words[:2] == ["consent", "withdraw"]:
            event = json.loads(done.out)["ids"][0]
        if words[:2] == ["consent", "show"]:
            assert event in done.out

    return ran, event


PHRASES = {
    "withdrawal": (
        "We have recorded that you withdrew",
        "2 pictures and videos",
        "lab-a, on",
        "We have listed for them",
    ),
    "correction": ("That was our mistake", "two of us set the record right"),
    "received": ("take down pictures or videos that show your likeness", "We will answer by"),
    "takedown": (
        "blocked, and left out of every new dataset",
        "1 picture or video in our records",
        "lab-a, on",
    ),
    "restricted": ("until the restriction is lifted", "We will tell you before we lift it"),
    "lifted": ("The restriction that you asked for ends", "the dispute is settled"),
    "access": ("name you in 2 pictures", "Face Research Lab London Set", "lab-a, on"),
    "erasure": (),
}


def _read(path: Path) -> str:
    body = path.read_text(encoding="utf-8").partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
