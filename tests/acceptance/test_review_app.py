"""Reviewers decide in FiftyOne's own App, with its own database, in a headless browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import curate as library
from curate.verbs.doctor import find_mongod
from curate.verbs.tables import facts
from curate.viewing.processes import free_port
from tests.acceptance.conftest import Curate, run
from tests.acceptance.story import Story
from tests.browser import Browser

FIELDS = "[...document.querySelectorAll('.MuiDialog-container input')]"
SHOTS = os.environ.get("CURATE_SHOTS")


class App:
    """A review that is open, and a browser that looks at it.

    Attributes:
        process: The command that keeps it open.
        browser: The browser.
    """

    def __init__(self, ws: Path, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True)
        # Tests that run in the background ignore Ctrl-C, and what they start would too.
        command = ["env", "--default-signal=INT", sys.executable, "-m", "curate", "review", "open",
                   "-w", str(ws), "--port", str(free_port()), *options]  # fmt: skip
        self.folder = folder
        self.said_last = ""
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)},
        )  # fmt: skip
        self.browser = Browser(folder, width=1500)

    @cached_property
    def address(self) -> str:
        """Where it is, once it is there."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), self.process.communicate()
        return line.split(": ")[0]

    def look(self, queue: str) -> None:
        """Open a queue, and wait for its pictures."""
        self.browser.open(f"{self.address}?view={queue}")
        self.until("document.querySelectorAll('[data-cy=looker]').length > 0 && window.__foo__")
        self.text(lambda said: " samples" in said or " sample" in said)

    def walk_to(self, locator: str) -> None:
        """Go from picture to picture by the key for it, until one is open."""
        for _ in range(20):
            if self.open == locator:
                return
            before = self.open
            self.browser.press("n", alt=True)
            # Keys are heard before the App knows every operator: pressed again, they work.
            with suppress(TimeoutError):
                self.browser.until(lambda was=before: self.open not in ("", was), 3)
        raise AssertionError(f"{locator} is not in this queue: {self.said()[-500:]}")

    def asked(self, part: str) -> bool:
        """Return whether the page asked for an address with `part` in it."""
        self.browser.send("Network.enable")
        return any(part in url for url in self.browser.requests)

    @property
    def open(self) -> str:
        """Return the locator of the picture that is open."""
        found = re.findall(r"(\S+\.jpg)\nlocator\n", self.said())
        return str(found[-1]) if found else ""

    def key(self, letter: str, *fields: str, told: str = "") -> None:
        """Press Alt and a letter, fill in what is asked, and wait for what is told."""
        self.browser.press(letter, alt=True)
        for place, text in enumerate(fields):
            if text:
                self.fill(place, text)
        self.finish(told)

    def fill(self, place: int, text: str) -> None:
        """Write into a field of the form."""
        self.until(f"{FIELDS}.length > {place}")
        self.browser.run(f"{FIELDS}[{place}].focus()")
        self.browser.type(text)

    def finish(self, told: str) -> None:
        """Press the button of the form, and wait for what is told."""
        button = "[...document.querySelectorAll('.MuiDialog-container button')].at(-1)"
        self.until(f"!{button}.disabled")
        self.browser.run(f"{button}.id = 'do-it'")
        self.browser.click("#do-it")
        if told:
            self.text(lambda said: told in said)
            self.until("!document.querySelector('.MuiDialog-container')")

    def said(self) -> str:
        """Return the text of the page."""
        return str(self.browser.run("document.body?.innerText ?? ''"))

    def text(self, true: Callable[[str], bool]) -> None:
        """Wait until the page says something."""
        try:
            self.browser.until(lambda: true(self.said()), 30)
        except TimeoutError:
            self.shot("stuck")
            raise AssertionError(self.said()[-2000:]) from None

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        try:
            self.browser.until(lambda: bool(self.browser.run(f"!!({script})")), 30)
        except TimeoutError:
            self.shot("stuck")
            raise AssertionError((script, self.said()[-2000:])) from None

    def shot(self, name: str) -> None:
        """Keep a picture of the window, where somebody wants to look at it."""
        if SHOTS:
            self.browser.picture(Path(SHOTS) / f"{name}.png")

    def pid_of(self, what: str) -> int:
        """Return the id of the server or the database behind the App."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        for pid in " ".join(path.read_text() for path in children).split():
            if what in Path(f"/proc/{pid}/cmdline").read_text():
                return int(pid)
        raise AssertionError(f"no {what} runs")

    def close(self) -> tuple[int, str]:
        """End it by Ctrl-C, and return its status and what it said; nothing is left of it."""
        if not self.said_last:
            self.browser.close()
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
            self.said_last = self.process.communicate(timeout=60)[1]
            assert not list(self.folder.glob("curate-review-*")), self.said_last
        return self.process.returncode, self.said_last


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Return a function that opens a review, and close what it opened."""
    pytest.importorskip("fiftyone.constants", reason="FiftyOne is not installed")
    if find_mongod() is None:
        pytest.skip("no mongod can be had")
    made: list[App] = []

    def opened(ws: Path, *options: str) -> App:
        made.append(App(ws, tmp_path / f"app{len(made)}", *options))
        return made[-1]

    yield opened
    for app in made:
        app.close()


@pytest.fixture(scope="module")
def told_once(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with a wrong label, an unnamed person, and a face on a poster."""
    folder = tmp_path_factory.mktemp("review")
    story, curate = Story(folder, shared_data), partial(run, folder)
    for name in ("001", "002", "003"):
        story.person(name)
    story.picture("copy.jpg", [("neutral_front", "001")], subject="p001", label="fake",
                  manipulation="none")  # fmt: skip
    story.picture("unnamed.jpg", [("smiling_front", "003")])
    story.picture("poster.jpg", [("smiling_front", "001"), ("neutral_front", "009")],
                  subject="p001")  # fmt: skip
    ws = story.written(curate)
    curate("run", "-w", ws)
    curate("audit", "-w", ws, "--fail-on", "never")
    return ws


@pytest.fixture
def planted(told_once: Path, tmp_path: Path) -> Path:
    """Return a workspace of one's own; its media are shared, and stay as they are."""
    shutil.copytree(told_once, tmp_path / "ws")
    return tmp_path / "ws"


def verdicts(curate: Curate, ws: Path) -> dict[str, str]:
    """Return what a new audit says of each entry."""
    curate("audit", "-w", ws, "--fail-on", "never")
    return judged(ws)


def judged(ws: Path) -> dict[str, str]:
    """Return what the last audit says of each entry."""
    project = library.open(ws)
    names = {
        row["media_id"]: row["locator"] for row in facts(project.context)["entries"].to_pylist()
    }
    rows = project.latest_audit().verdicts.to_pylist()
    return {names[row["media_id"]]: row["verdict"] for row in rows}


def decisions(ws: Path) -> list[tuple[Any, ...]]:
    """Return what is on record, in order."""
    rows = library.open(ws).ledger.read("decisions").to_pylist()
    rows.sort(key=lambda row: row["decided_at"])
    return [(row["reviewer"], row["kind"], row["value"] or row["verdict"]) for row in rows]


@pytest.mark.slow
@pytest.mark.browser
def test_two_reviewers_walk_queues_and_the_verdicts_follow(
    planted: Path, curate: Curate, apps: Callable[..., App]
) -> None:
    """A confirmed name, a corrected label, a block taken back, an entry cleared by two."""
    doubted = {"unnamed.jpg", "poster.jpg", "copy.jpg", "001_03.jpg"}
    before = judged(planted)
    assert {name for name, verdict in before.items() if verdict == "needs_review"} == doubted
    ana, bo = apps(planted), apps(planted, "--reviewer", "bo")
    audit = library.open(planted).latest_audit().run_id

    ana.look("undeclared")
    ana.walk_to("unnamed.jpg")
    ana.shot("blurred")
    assert not ana.asked("%2Fclear%2F")
    ana.key("v", "ana")
    ana.browser.until(lambda: ana.asked("%2Fclear%2F"))
    ana.until("document.querySelector('[data-cy=panel-tab-review]')")
    (look,) = library.open(planted).ledger.read("accesses").to_pylist()
    unnamed = library.open(planted).entry("unnamed.jpg")["media_id"]
    assert (look["media_id"], look["reviewer"], look["audit_run_id"]) == (unnamed, "ana", audit)
    # Whom the face is like is proposed already: only the reason is to be written.
    ana.key("i", "", "it is her", told="recorded: p003 confirmed")

    ana.look("labels")
    ana.walk_to("copy.jpg")
    ana.browser.press("r", alt=True)
    ana.until("document.querySelector('input[type=radio][value=real]')")
    ana.browser.run("document.querySelector('input[type=radio][value=real]').click()")
    ana.fill(2, "a plain copy")
    ana.shot("relabel")
    ana.finish("recorded: authenticity real")

    ana.look("needs-review")
    ana.walk_to("poster.jpg")
    ana.browser.run("document.querySelector('[data-cy=panel-tab-review]').click()")
    ana.text(lambda said: "DEP001 faces visible in one frame: 2" in said)
    ana.shot("panel")
    ana.key("b", "who is that", told="recorded: blocked")
    ana.key("z", "a poster on the wall", told="taken back: verdict blocked")
    ana.key("c", "a poster on the wall", told="recorded: cleared")
    bo.look("needs-review")
    bo.walk_to("poster.jpg")
    library.open(planted).audit()
    assert judged(planted)["poster.jpg"] == "needs_review"
    for who, name in (("ana", "Ana Silva"), ("bo", "Bo Berg")):
        library.open(planted).add_reviewer(who, name=name)
    bo.key("c", "a poster", told="recorded: cleared")
    bo.shot("cleared")

    assert decisions(planted) == [
        ("ana", "subject", "confirmed"), ("ana", "label", "real"), ("ana", None, "blocked"),
        ("ana", None, "undecided"), ("ana", None, "cleared"), ("bo", None, "cleared"),
    ]  # fmt: skip
    assert {verdicts(curate, planted)[name] for name in doubted} == {"cleared"}
    told = curate("explain", "poster.jpg", "-w", planted).out
    assert "DEP001" in told
    for app in (ana, bo):
        stays_here(app.browser)
        status, said = app.close()
        assert (status, "Traceback" in said, "exit" in said) == (130, False, False), said


def stays_here(browser: Browser) -> None:
    """Check that the App asked this machine alone, and that the browser refused it all else."""
    elsewhere = {url for url in browser.requests
                 if url.startswith("http") and urlsplit(url).hostname != "127.0.0.1"}  # fmt: skip
    assert {urlsplit(url).hostname for url in elsewhere} <= {"fonts.googleapis.com"}
    assert elsewhere <= {url for url, reason in browser.stopped if reason == "csp"}


@pytest.mark.slow
def test_faces_that_a_reviewer_parts_or_joins_are_so_from_the_next_run_on(planted: Path) -> None:
    """Likeness names p003 in a picture; a reviewer parts the faces, and then thinks better."""
    project = library.open(planted)
    ours = project.entry("unnamed.jpg")["sha256"]
    # The picture is a copy byte for byte of one of hers; her other one has another face.
    hers = project.entry("003_03.jpg")["sha256"]
    face = {row["sha256"]: row["face_id"] for row in project.catalog.read("faces").to_pylist()}
    who = {"reviewer": "ana", "reason": "I looked"}

    assert identity(project, face[ours]) == identity(project, face[hers])
    project.review_link([face[ours], face[hers]], "different_people", **who)
    project.run(["identity"], jobs=1)
    assert identity(project, face[ours]) != identity(project, face[hers])
    project.review_undo("ana")
    project.review_link([face[ours], face[hers]], "same_person", **who)
    project.run(["identity"], jobs=1)
    assert identity(project, face[ours]) == identity(project, face[hers])


def identity(project: Any, face_id: str) -> str | None:
    """Return the identity of a face."""
    rows = project.catalog.read("identities").to_pylist()
    return next(row["identity_id"] for row in rows if row["face_id"] == face_id)


@pytest.mark.slow
@pytest.mark.browser
def test_what_was_acknowledged_outlives_whatever_is_killed(
    planted: Path, apps: Callable[..., App]
) -> None:
    """The browser, then the database; and in another review, the server."""
    app = apps(planted, "--reviewer", "ana")
    app.look("needs-review")
    app.walk_to("poster.jpg")
    app.key("b", "who is that", told="recorded: blocked")
    app.browser.process.kill()
    app.browser.close()
    assert decisions(planted) == [("ana", None, "blocked")]

    app.browser = Browser(app.folder / "again", width=1500)
    app.look("needs-review")
    app.walk_to("copy.jpg")
    app.key("b", "a copy", told="recorded: blocked")
    os.kill(app.pid_of("mongod"), signal.SIGKILL)
    assert len(decisions(planted)) == 2
    assert app.process.wait(60) == 3

    app = apps(planted, "--reviewer", "ana")
    app.look("needs-review")
    app.walk_to("unnamed.jpg")
    app.key("l", "nobody knows", told="recorded: undecided")
    os.kill(app.pid_of("curate.viewing.server"), signal.SIGKILL)
    assert app.process.wait(60) == 3
    assert decisions(planted)[2:] == [("ana", None, "undecided")]
    said = app.close()[1]
    assert "what was decided is on record" in said
    project = library.open(planted)
    assert project.ledger.verify()
    verdict = {row["media_id"]: row["verdict"] for row in project.audit().verdicts.to_pylist()}
    assert verdict[project.entry("poster.jpg")["media_id"]] == "blocked"
