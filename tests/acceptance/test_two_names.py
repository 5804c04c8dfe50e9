"""One person under two names: the first withdrew, the second is said to have agreed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from curate.audit.rules import BY_CODE
from tests.acceptance.conftest import Curate
from tests.acceptance.story import Story, write_csv

SIDE = 600
CROPS = ((0, 0, 600, 600), (30, 20, 580, 570), (10, 40, 560, 590))


def _photo(story: Story, name: str) -> Image.Image:
    return Image.open(story.london / name).convert("RGB").resize((SIDE, SIDE))


def _declared(
    story: Story, name: str, picture: Image.Image, subject: str, split: str = "test"
) -> None:
    story.media.mkdir(parents=True, exist_ok=True)
    picture.save(story.media / name, quality=92)
    story.declare(name, subject=subject, split=split)


def _withdrew(story: Story) -> Image.Image:
    """Tell of three pictures of pw, who withdrew; return the one that they were cut from."""
    picture = _photo(story, "neutral_front/002_03.jpg")
    for place, box in enumerate(CROPS, 1):
        _declared(story, f"w{place}.jpg", picture.crop(box), "pw", "train")
    story.says("w", withdrew=True)
    return picture


def _judged(curate: Curate, ws: Path, name: str) -> tuple[str, list[str]]:
    """Return an entry's verdict, and what is said of people under two names."""
    told = json.loads(curate("explain", name, "-w", ws, "--json").out)
    rule = BY_CODE["IDN005"]
    found = [row for row in told["findings"] if row["code"] == rule.code]
    return told["verdict"], [rule.say(row["params"]) for row in found]


def _run(curate: Curate, ws: Path) -> None:
    curate("run", "-w", ws)
    curate("audit", "-w", ws, "--fail-on", "never")


@pytest.mark.slow
def test_second_name_of_somebody_who_withdrew_is_held_back(story: Story, curate: Curate) -> None:
    _withdrew(story)
    _declared(story, "renamed.jpg", _photo(story, "smiling_front/002_08.jpg"), "q99")
    _declared(story, "other.jpg", _photo(story, "neutral_front/004_03.jpg"), "q04")
    for agreed in ("q99", "q04"):
        story.says("", subject=agreed)
    ws = story.written(curate)
    _run(curate, ws)

    verdict, said = _judged(curate, ws, "renamed.jpg")
    assert verdict == "needs_review"
    assert len(said) == 1
    assert "q99 and pw may be one person" in said[0]
    assert "not settled" in said[0]
    assert _judged(curate, ws, "other.jpg") == ("cleared", [])

    # The two names are one person to splits.
    leaks = json.loads(
        curate("split", "lint", "--by", "identity", "-w", ws, "--json", status=1).out
    )
    (identity,) = leaks["predicate"]["relations"]
    (leak,) = identity["leaks"]
    assert (leak["rightEntries"], leak["leftEntries"]) in {(3, 1), (1, 3)}

    # A withdrawal lists the pictures that may show the person, and no others.
    touched = json.loads(curate("consent", "withdraw", "pw", "--yes", "--json", "-w", ws).out)
    assert [row["locator"] for row in touched["maybe"]] == ["renamed.jpg"]


@pytest.mark.slow
def test_copies_under_a_second_name_are_held_back(story: Story, curate: Curate) -> None:
    """Mirrored, turned by four degrees or cropped: the face is still theirs."""
    first = _withdrew(story)
    copies = {
        "mirrored.jpg": ImageOps.mirror(first),
        "turned.jpg": first.rotate(4, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)),
        "cropped.jpg": first.crop((60, 50, 560, 570)),
    }
    for name, picture in copies.items():
        _declared(story, name, picture, "q98")
    story.says("", subject="q98")
    ws = story.written(curate)
    _run(curate, ws)

    for name in copies:
        verdict, said = _judged(curate, ws, name)
        assert verdict == "needs_review", name
        assert ["q98 and pw may be one person" in message for message in said] == [True], name


def _verdict(curate: Curate, ws: Path, name: str) -> tuple[str, list[str]]:
    """Audit; return an entry's verdict, and the names of the questions that are open."""
    curate("audit", "-w", ws, "--fail-on", "never")
    told = json.loads(curate("explain", name, "-w", ws, "--json").out)
    return told["verdict"], [one["name"] for one in told["questions"] if one["basis"] is None]


@pytest.mark.slow
def test_a_doubt_ends_when_two_reviewers_end_it_and_by_nothing_else(
    story: Story, curate: Curate
) -> None:
    """Not by a merge of two other names, one reviewer's word, or the loss of the other file."""
    _withdrew(story)
    _declared(story, "q99.jpg", _photo(story, "smiling_front/002_08.jpg"), "q99")
    first = _photo(story, "neutral_front/002_03.jpg")
    _declared(story, "q98.jpg", first.crop((40, 30, 570, 560)), "q98")
    _declared(story, "u.jpg", _photo(story, "neutral_front/006_03.jpg"), "pu")
    _declared(story, "q97.jpg", _photo(story, "smiling_front/006_08.jpg"), "q97")
    _declared(story, "other.jpg", _photo(story, "neutral_front/004_03.jpg"), "q04")
    for agreed in ("q97", "q98", "q99", "q04"):
        story.says("", subject=agreed)
    ws = story.written(curate)
    curate("run", "-w", ws)
    for reviewer, name in (("ana", "Ana Adams"), ("ben", "Ben Brown")):
        curate("review", "reviewers", "add", reviewer, "--name", name, "-w", ws)
        merge = ("subjects", "merge", "q98", "q99", "--reason", "one form", "--by", reviewer)
        curate(*merge, "-w", ws)

    def not_shown(subject: str, names: tuple[str, ...], *reviewers: str) -> None:
        for name in names:
            for reviewer in reviewers:
                words = ("--subject", subject, "--by", reviewer, "--reason", "compared both")
                curate("decide", name, "not-shown", *words, "-w", ws)
        curate("run", "-w", ws)

    # What two names are settled to be says nothing of the third.
    both = ("q98.jpg", "q99.jpg")
    held = ("needs_review", ["one_name"])
    assert [_verdict(curate, ws, name) for name in both] == [held, held]
    touched = json.loads(curate("consent", "withdraw", "pw", "--yes", "--json", "-w", ws).out)
    assert [row["locator"] for row in touched["maybe"]] == ["q98.jpg", "q99.jpg"]

    # Two people of the register rule somebody out; one of them and a stranger do not.
    not_shown("pw", both, "ana", "Eve")
    not_shown("pu", ("q97.jpg",), "ana", "ben")
    assert [_verdict(curate, ws, name) for name in both] == [held, held]
    assert "two people of the register must" in _judged(curate, ws, "q99.jpg")[1][0]
    assert _verdict(curate, ws, "q97.jpg") == ("cleared", [])

    # The other file goes, and the doubt about these stays.
    for place in range(1, len(CROPS) + 1):
        (story.media / f"w{place}.jpg").unlink()
    curate("ingest", story.media, "-w", ws)
    curate("run", "-w", ws)
    assert [_verdict(curate, ws, name) for name in both] == [held, held]
    assert "an entry that is gone" in _judged(curate, ws, "q98.jpg")[1][0]
    not_shown("pw", both, "ben")
    assert [_verdict(curate, ws, name) for name in both] == [("cleared", [])] * 2

    # Somebody new may be anybody, until their faces are compared.
    assert _verdict(curate, ws, "other.jpg") == ("cleared", [])
    _declared(story, "new.jpg", _photo(story, "neutral_front/005_03.jpg"), "p50")
    write_csv(story.media / "manifest.csv", story.rows)
    curate("ingest", story.media, "-w", ws)
    assert _verdict(curate, ws, "other.jpg") == held
    told = curate("consent", "withdraw", "p50", "--yes", "-w", ws)
    assert "1 file has not been searched for faces" in told.err
    curate("run", "-w", ws)
    assert _verdict(curate, ws, "other.jpg") == ("cleared", [])


@pytest.mark.slow
def test_nothing_that_is_written_of_the_other_file_ends_a_doubt(
    story: Story, curate: Curate
) -> None:
    """Whoever names people, renames them, or makes the catalogue anew has settled nothing."""
    _declared(story, "a.jpg", _photo(story, "neutral_front/002_03.jpg"), "p01")
    _declared(story, "b.jpg", _photo(story, "smiling_front/002_08.jpg"), "p02")
    _declared(story, "other.jpg", _photo(story, "neutral_front/004_03.jpg"), "q04")
    for agreed in ("p01", "p02", "q04"):
        story.says("", subject=agreed)
    ws = story.written(curate)
    # Names that a run saw before it had sought faces are not compared.
    curate("run", "probe", "identity", "-w", ws)
    curate("run", "signals", "faces", "-w", ws)
    assert _verdict(curate, ws, "other.jpg")[0] == "needs_review"
    curate("run", "-w", ws)
    assert _verdict(curate, ws, "other.jpg") == ("cleared", [])
    curate("consent", "withdraw", "p02", "--yes", "-w", ws)
    held, rows = ("needs_review", ["one_name"]), list(story.rows)

    def renamed(*people: str) -> list[str]:
        """Say of b.jpg whom it shows; return what is said of a.jpg and b.jpg then."""
        story.rows[:] = [{**row, "subject": people[0]} if row["path"] == "b.jpg" else row
                         for row in rows]  # fmt: skip
        write_csv(story.media / "manifest.csv", story.rows)
        curate("ingest", story.media, "-w", ws)
        curate("run", "-w", ws)
        assert _verdict(curate, ws, "a.jpg") == held, people
        return [_verdict(curate, ws, name)[0] for name in ("a.jpg", "b.jpg")]

    assert renamed("p01") == ["needs_review", "needs_review"]
    assert renamed("p01;p02") == ["needs_review", "blocked"]
    assert renamed("") == ["needs_review", "needs_review"]
    touched = json.loads(curate("consent", "withdraw", "p02", "--yes", "--json", "-w", ws).out)
    assert [row["locator"] for row in touched["maybe"]] == ["a.jpg", "b.jpg"]

    # The file goes, and the catalogue is thrown away and made again.
    assert renamed("p02") == ["needs_review", "blocked"]
    (story.media / "b.jpg").unlink()
    shutil.rmtree(ws / "catalog")
    curate("ingest", story.media, "-w", ws)
    curate("run", "-w", ws)
    assert _verdict(curate, ws, "a.jpg") == held
    assert _verdict(curate, ws, "other.jpg") == ("cleared", [])
