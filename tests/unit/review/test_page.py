"""The page that is handed out, in a browser and from the file system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curate.errors import InputError
from curate.media import load_rgb
from curate.review.page import Handout, page, picture_forms
from tests.browser import Browser
from tests.unit.report.conftest import HOSTILE
from tests.unit.report.test_accessibility import AXE
from tests.unit.review.conftest import Told

LOADED = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
TEXT = "document.getElementById('{}').textContent"


@pytest.fixture
def handout(told: Told, tmp_path: Path) -> Handout:
    """Return everything that waits, as a folder for ada."""
    return told.project.review_export(tmp_path / "out", "ada")


@pytest.fixture(params=[1200, 400])
def browser(request, handout: Handout, tmp_path: Path) -> Iterator[Browser]:
    """Return a browser that shows the page, wide and as on a telephone."""
    made = Browser(tmp_path, width=request.param)
    made.open(handout.page.as_uri())
    yield made
    made.close()


@pytest.mark.browser
def test_a_reviewer_works_by_keyboard(browser: Browser, told: Told, tmp_path: Path) -> None:
    """Looks, decides, takes back, goes on and saves; what is saved is imported."""
    browser.until(lambda: browser.run(LOADED))
    shown = browser.run(TEXT.format("locator"))
    browser.press("b")
    assert browser.run(TEXT.format("status")) == "A decision needs a reason."
    browser.type('a poster; nobody, "really"')
    browser.press("Escape")
    browser.press("s")
    browser.until(lambda: browser.run(LOADED))
    assert "/clear/" in browser.run("document.images[0].src")
    browser.press("b")
    assert browser.run(TEXT.format("place")).startswith("2 of")
    assert "/blurred/" in browser.run("document.images[0].src")
    browser.press("r")
    browser.type("wrong")
    browser.press("Escape")
    browser.press("u")
    browser.press("p")
    browser.press("z")

    told.now = datetime.now(UTC)  # the browser goes by its own clock
    saved = {}
    browser.save_to(tmp_path)
    for kind in ("json", "csv"):
        browser.click(f"#save-{kind}")
        path = tmp_path / f"review-ada.{kind}"
        browser.until(path.is_file)
        browser.until(lambda path=path: bool(path.read_text("utf-8")))
        saved[kind] = told.project.review_import(path)

    assert [one.rejected for one in saved.values()] == [[], []]
    assert saved["json"].decisions == saved["csv"].decisions
    assert (saved["json"].recorded, saved["csv"].recorded) == (1, 0)
    (made,) = saved["json"].decisions
    assert (made["verdict"], made["reason"]) == ("blocked", 'a poster; nobody, "really"')
    assert told.entry(shown)["said"] == ["ada: blocked"]
    assert saved["json"].accesses
    assert saved["json"].accesses == saved["csv"].accesses
    assert browser.problems == []
    assert all(url.startswith(("file:", "blob:")) for url in browser.requests)


@pytest.mark.browser
def test_axe_finds_nothing_serious(browser: Browser) -> None:
    """Nor is the page wider than its window; what blocks offers no clearing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make axe` gets it by npm")
    browser.run(AXE.read_text(encoding="utf-8") + ";0")
    found = browser.run(
        "axe.run(document, {resultTypes: ['violations']}).then(found => "
        "JSON.stringify(found.violations.map(one => [one.impact, one.id])))"
    )
    assert [one for one in json.loads(found) if one[0] in ("serious", "critical")] == []
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_decisions_outlive_the_page(browser: Browser, handout: Handout) -> None:
    """Closing the page by mistake loses none."""
    browser.press("r")
    browser.type("seen")
    browser.press("Escape")
    browser.press("b")
    browser.open("about:blank")
    browser.open(handout.page.as_uri())
    assert browser.run(TEXT.format("decision")) == "blocked: seen"


def test_pictures_are_blurred_beyond_repair(told: Told, handout: Handout) -> None:
    """The blurred one holds a few pixels; the clear one lies beside it."""
    entry = told.entry("a.png")
    forms = picture_forms(entry["root"], entry["locator"], entry["sha256"])
    assert forms is not None
    clear, blurred = (load_rgb(forms[kind]).astype(int) for kind in ("clear", "blurred"))
    rough = [abs(image[:, 1:] - image[:, :-1]).mean() for image in (clear, blurred)]
    assert rough[1] < rough[0] / 10
    assert handout.pictures == 5


def test_a_file_that_changed_is_not_shown(told: Told) -> None:
    """It is not what was judged."""
    entry = told.entry("a.png")
    assert picture_forms(entry["root"], entry["locator"], "0" * 64) is None


def test_nothing_of_the_data_is_run() -> None:
    """A name cannot end the block that it stands in."""
    made = page({"project": HOSTILE, "use": HOSTILE, "reviewer": HOSTILE, "audit_run_id": "r",
                 "made_at": "now", "queues": [], "items": [{"locator": HOSTILE}]})  # fmt: skip
    assert "<script>alert" not in made
    assert made.count("</script>") == 2
    data = re.search(r'id="told">(.*?)</script>', made, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["items"][0]["locator"] == HOSTILE


def test_a_full_folder_is_left_alone(told: Told, tmp_path: Path) -> None:
    """And so is one without a reviewer's name."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="holds something already"):
        told.project.review_export(tmp_path / "out", "ada")
    with pytest.raises(InputError, match="reviewer's name"):
        told.project.review_export(tmp_path / "new", " ")
    assert not (tmp_path / "new").exists()
