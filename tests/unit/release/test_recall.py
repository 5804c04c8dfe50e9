"""Withdrawal that arrives: the next release, its feed, and what it says to who holds a copy."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from curate.catalog.record import Record
from curate.errors import InputError, UnknownNameError, VerificationError
from curate.release import feed
from curate.release.build import Steps, unfinished
from curate.release.check_copy import FILE, MEMBER, MENTION, ROW, check_copy
from curate.release.diff import diff
from curate.release.feed import FEED, batch_salt, feed_bytes, read_feed, tombstone
from curate.release.verify import verify
from curate.release.version import next_version
from curate.signing import new_key
from curate.verbs.release import check_new
from curate.verbs.release.due import called_back_entries
from curate.verbs.release.recipients import Recipients
from tests.factories import day, media
from tests.issued import MODEL_SECRET, NAMES, SECRET, USE, Desk

KEYS = (SECRET.public, MODEL_SECRET.public)
GONE = {"4.png": "blocked", "5.png": "needs_review"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a workspace of which two releases went out, the second without two pictures."""
    desk = Desk(tmp_path / "ws")
    desk.release("v1")
    desk.release("v2", said=GONE)
    return desk


def _folder(desk: Desk, name: str) -> Path:
    return desk.root / "releases" / name


def _rows(folder: Path) -> dict[str, dict[str, str]]:
    """Return the items of a release, by id."""
    return {
        row["media_id"]: row
        for path in (folder / "data").glob("*.parquet")
        for row in parquet.ParquetFile(path).read().to_pylist()
    }


def _left(desk: Desk) -> dict[str, dict[str, str]]:
    """Return the items of the first release that are not in the second."""
    now = _rows(_folder(desk, "v2"))
    return {media: row for media, row in _rows(_folder(desk, "v1")).items() if media not in now}


def test_feed_names_what_went_and_nothing_that_stays(desk: Desk) -> None:
    """To the file: what is in the old release and not in the new one, blocked or in doubt."""
    feed = read_feed(_folder(desk, "v2") / FEED, KEYS)

    assert feed.signed
    assert len(feed.tombstones) == len(_left(desk)) == 2
    assert all(feed.names(row["sha256"]) for row in _left(desk).values())
    assert not any(feed.names(row["sha256"]) for row in _rows(_folder(desk, "v2")).values())
    assert read_feed(_folder(desk, "v1") / FEED).tombstones == ()


def test_old_copy_is_told_every_file_member_and_row(desk: Desk) -> None:
    """In each form that the items went out in; in documents they are mentioned."""
    feed = read_feed(_folder(desk, "v2") / FEED)
    found = check_copy(_folder(desk, "v1"), feed).found

    left = _left(desk).values()
    digests = {row["sha256"] for row in left}
    assert {one.path for one in found if one.kind == FILE} == {row["path"] for row in left}
    members = {one.part for one in found if one.kind == MEMBER}
    assert members == {f"{d}.{e}" for d in digests for e in ("png", "cls", "json")}
    rows = [one for one in found if one.kind == ROW]
    assert len(rows) == 2 * len(left)
    for one in rows:
        table = parquet.ParquetFile(_folder(desk, "v1") / one.path).read()
        assert table["sha256"][int(one.part)].as_py() in digests
    assert {one.kind for one in found} == {FILE, MEMBER, ROW, MENTION}
    assert check_copy(_folder(desk, "v2"), feed).clean


def test_copy_under_other_names_is_told(desk: Desk, tmp_path: Path) -> None:
    """A holder may have renamed, packed and rearranged; the bytes are what counts."""
    copy = tmp_path / "mine"
    (copy / "deep").mkdir(parents=True)
    for at, row in enumerate(_rows(_folder(desk, "v1")).values()):
        shutil.copy(_folder(desk, "v1") / row["path"], copy / "deep" / f"picture {at}.dat")
    zipped = Path(shutil.make_archive(str(copy / "packed"), "zip", copy / "deep"))
    tarred = Path(shutil.make_archive(str(copy / "packed"), "gztar", copy / "deep"))
    digests = {row["sha256"] for row in _left(desk).values()}
    names = {p.name for p in (copy / "deep").iterdir()
             if hashlib.sha256(p.read_bytes()).hexdigest() in digests}  # fmt: skip

    found = check_copy(copy, read_feed(_folder(desk, "v2") / FEED)).found

    assert {Path(one.path).name for one in found if one.kind == FILE} == names
    for archive in (zipped, tarred):
        told = {Path(one.part).name for one in found if one.path == archive.name}
        assert told == names


def test_what_cannot_be_read_is_told(desk: Desk, tmp_path: Path) -> None:
    """A broken archive may hold what must go."""
    copy = tmp_path / "mine"
    copy.mkdir()
    for name in ("a.tar", "b.zip", "c.parquet"):
        (copy / name).write_bytes(b"broken")
    (copy / "link").symlink_to(_folder(desk, "v1"))

    found = check_copy(copy, read_feed(_folder(desk, "v2") / FEED))

    assert not found.found
    assert [one.path for one in found.unread] == ["a.tar", "b.zip", "c.parquet", "link"]


def test_feed_says_nothing_to_who_does_not_hold_the_file(desk: Desk) -> None:
    """Every id, name and digest that the catalogue, the releases and the ledger tell, tried."""
    feed = read_feed(_folder(desk, "v2") / FEED)
    text = (_folder(desk, "v2") / FEED).read_text("ascii")
    secret = {row["sha256"] for row in _left(desk).values()}
    told = {str(v) for row in _rows(_folder(desk, "v1")).values() for v in row.values()}
    ids = {str(v) for row in desk.record.items().to_pylist() for v in row.values()}
    guesses = {*told, *ids, *NAMES, *(f"p{n:03}" for n in range(1000))} - secret
    parts = [(bytes.fromhex(stone.salt), stone.digest) for stone in feed.tombstones]
    for guess in guesses:
        raw = [guess.encode(), hashlib.sha256(guess.encode()).digest()]
        raw += [bytes.fromhex(guess)] if len(guess) == 64 else []
        for salt, digest in parts:
            assert all(hashlib.sha256(salt + one).hexdigest() != digest for one in raw)
            assert all(hmac.digest(one, salt, "sha256").hex() != digest for one in raw)
    assert not [row for row in _left(desk) if row in text]
    assert len(guesses) > 1000
    assert all(feed.names(digest) for digest in secret)


def test_two_workspaces_tell_of_one_file_by_different_tombstones() -> None:
    """So that feeds cannot be joined."""
    sha256 = hashlib.sha256(b"x").hexdigest()

    salts = {batch_salt(key * 32, use, told)
             for key in (b"a", b"b") for use in ("x", "y") for told in (0, 7)}  # fmt: skip

    assert len(salts) == len({tombstone(sha256, salt).digest for salt in salts}) == 8
    assert batch_salt(b"a" * 32, "x", 7) in salts


def test_each_file_is_hashed_once_for_each_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tombstones there are: files times recalls, and not times tombstones."""
    digests = [hashlib.sha256(bytes([n])).hexdigest() for n in range(200)]
    salts = [batch_salt(b"k" * 32, "x", told) for told in (0, 60)]
    stones = [tombstone(d, salts[n >= 60]) for n, d in enumerate(digests[:100])]
    told = feed.Feed(tuple(stones), {})
    hashed: list[tuple[bytes, bytes]] = []
    salted = feed._salted

    def counted(salt: bytes, sha256: bytes) -> bytes:
        hashed.append((salt, sha256))
        return salted(salt, sha256)

    monkeypatch.setattr(feed, "_salted", counted)

    assert [told.names(one) for one in digests] == [True] * 100 + [False] * 100

    assert len(hashed) == 60 + 40 * 2 + 100 * 2


@given(gone=st.sets(st.integers(0, 50)), asked=st.integers(0, 60))
def test_feed_names_exactly_what_was_buried(gone: set[int], asked: int) -> None:
    """For any set of files."""
    digests = {n: hashlib.sha256(bytes([n])).hexdigest() for n in range(61)}
    stones = [tombstone(digests[n], b"k" * 16) for n in gone]
    from curate.release.feed import Feed

    assert Feed(tuple(stones), {}).names(digests[asked]) == (asked in gone)


def test_feed_grows_and_never_shrinks(desk: Desk) -> None:
    """A holder of the first release needs the latest feed alone; old stones stay as they were."""
    desk.release("v3", said={**GONE, "0.png": "blocked"})
    second, third = (set(read_feed(_folder(desk, n) / FEED).tombstones) for n in ("v2", "v3"))

    assert second < third
    assert len(third) == 3
    assert verify(_folder(desk, "v3"), KEYS, _folder(desk, "v2")).failures == ()


def test_entry_that_is_no_longer_listed_must_go(tmp_path: Path) -> None:
    """What was erased from the catalogue has no verdict, and is called back all the same."""
    desk = Desk(tmp_path)
    desk.release("v1")
    made, issue = desk.release("v2", NAMES[:-1])

    assert (made.items.num_rows, len(issue.gone), issue.version) == (5, 1, "2.0.0")


def test_what_a_feed_called_back_goes_out_no_more(desk: Desk) -> None:
    """Whatever is cleared of it later: its holders were told to delete it, and feeds stand."""
    with pytest.raises(VerificationError, match="a feed of this use called back"):
        desk.release("v3", said={"4.png": "blocked"})

    assert called_back_entries(Record(desk.ledger), USE.name) == {
        media(name)["media_id"] for name in GONE
    }


@pytest.mark.parametrize("said", ["needs_review", "blocked"])
def test_same_file_under_another_entry(tmp_path: Path, said: str) -> None:
    """It stays where the entry that went is only in doubt, and is refused where it is blocked."""
    desk = Desk(tmp_path)
    first, _ = desk.release("v1", ["a.png", "b.png"])
    _, issue = desk.release("v2", ["a.png", "b.png"], said={"a.png": said})

    assert len(issue.gone) == 1
    if said == "needs_review":
        assert issue._leaving(first.items) == frozenset()
    else:
        with pytest.raises(VerificationError, match="the same file as one that must go"):
            issue._leaving(first.items)


def test_feed_that_was_changed_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Signed or not: a stone taken out, one put in, another key."""
    signed = _folder(desk, "v2") / FEED
    with pytest.raises(VerificationError, match="no given key signed"):
        read_feed(signed, [new_key().public])
    plain = tmp_path / "feed.json"
    stones = read_feed(signed).tombstones
    plain.write_bytes(feed_bytes(stones, {"use": "x"}, None))
    assert read_feed(plain).tombstones == tuple(sorted(stones))
    with pytest.raises(VerificationError, match="unsigned"):
        read_feed(plain, KEYS)

    said = json.loads(plain.read_bytes())
    said["predicate"]["tombstones"].pop()
    plain.write_text(json.dumps(said), "utf-8")
    with pytest.raises(VerificationError, match="does not hold together"):
        read_feed(plain)
    for text in ("[]", "{}", "no json", '{"payload": 1}'):
        plain.write_text(text, "utf-8")
        with pytest.raises(VerificationError):
            read_feed(plain)


def test_versions_say_what_changed(desk: Desk) -> None:
    """Removals are MAJOR, additions MINOR, the same again PATCH."""
    said = {row["name"]: row["version"] for row in desk.record.releases()}
    assert said == {"v1": "1.0.0", "v2": "2.0.0"}

    _, again = desk.release("v3", said=GONE)
    _, more = desk.release("v4", [*NAMES, "new.png"], said=GONE)
    assert (again.version, more.version) == ("2.0.1", "2.1.0")
    assert next_version("1.2.3", {"a": "x"}, {"a": "y"}) == "2.0.0"


def test_difference_between_releases(desk: Desk) -> None:
    """By entry, with what changed of it."""
    found = diff(_folder(desk, "v1"), _folder(desk, "v2"))

    assert set(found.removed) == set(_left(desk))
    assert (found.added, found.changed, found.recalled) == ((), {}, 2)
    assert found.versions == ("1.0.0", "2.0.0")
    assert found.files["removed"] == 2


def test_recipients_are_behind_until_they_say_otherwise(desk: Desk) -> None:
    """Who has the old release and not the new one must be told."""
    people = Recipients(desk.ledger)
    assert people.deliver("v1", "lab-a", now=day(7)) == 1
    assert people.deliver("v1", "lab-a", now=day(7, 2)) == 0
    people.deliver("v1", "lab-b", now=day(7, 3))
    people.deliver("v2", "lab-b", now=day(7, 4))

    def behind() -> dict[str, list[str]]:
        return {row["name"]: row["behind"] for row in people.overview()}

    assert behind() == {"v1": ["lab-a"], "v2": []}
    people.acknowledge("v2", "lab-a", "refused", now=day(7, 5))
    assert behind()["v1"] == ["lab-a"]
    people.acknowledge("v2", "lab-a", "deleted", now=day(7, 6))
    assert behind()["v1"] == []
    with pytest.raises(InputError, match="was given no release"):
        people.acknowledge("v2", "lab-c", "deleted", now=day(7, 7))
    with pytest.raises(UnknownNameError):
        people.deliver("v9", "lab-a", now=day(7, 8))


def test_recipients_are_behind_on_what_is_due_and_on_a_feed_alone(desk: Desk) -> None:
    """Before a recall, whoever has the latest release; after a feed alone, until they deleted."""
    people = Recipients(desk.ledger)
    people.deliver("v2", "lab-a", now=day(7))
    latest = desk.record.release("v2")["release_id"]

    def behind(**known: dict[str, Any]) -> list[str]:
        return next(r["behind"] for r in people.overview(**known) if r["name"] == "v2")

    assert behind() == []
    assert behind(due={latest: 2}) == ["lab-a"]
    alone = {latest: day(8)}
    assert behind(alone=alone) == ["lab-a"]
    for outcome, when, expected in (
        ("received", day(8, 2), ["lab-a"]),
        ("deleted", day(7, 9), ["lab-a"]),
        ("deleted", day(8, 3), []),
    ):
        people.acknowledge("v2", "lab-a", outcome, now=day(8, 4))
        row = desk.ledger.read("acknowledgements").to_pylist()[0] | {"acknowledged_at": when}
        desk.ledger.record("acknowledgements", [row], recorded_at=day(8, 4))
        assert behind(alone=alone) == expected


@pytest.mark.parametrize("late", [False, True])
def test_a_withdrawal_while_a_release_is_built_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    """Whether it comes while files are written or while the release is recorded."""
    desk = Desk(tmp_path)
    row = {"request_id": "q1", "kind": "withdrawal", "subject_id": "p1", "state": "received",
           "received_at": day(5)}  # fmt: skip

    def withdraw(*_: object) -> None:
        desk.ledger.record("requests", [row], recorded_at=day(5))

    if late:
        write = Record._write

        def writing(record: Record, release_id: str, items: pa.Table) -> str:
            withdraw()
            return write(record, release_id, items)

        monkeypatch.setattr(Record, "_write", writing)
    steps = Steps() if late else Steps(report=withdraw)

    with pytest.raises(VerificationError, match="something was recorded since the audit"):
        desk.release("v1", steps=steps)

    assert not desk.record.releases()
    assert not list((desk.root / "releases").iterdir())


def test_name_of_what_went_out_is_not_given_again(desk: Desk) -> None:
    """Its record says what went out, and would be replaced."""
    releases = desk.root / "releases"
    shutil.rmtree(releases / "v1")

    with pytest.raises(InputError, match="its folder is gone") as refused:
        check_new("v1", releases, desk.record)

    assert "choose another name" in (refused.value.hint or "")
    check_new("v3", releases, desk.record)


def test_name_of_a_killed_build_is_free(desk: Desk) -> None:
    releases = desk.root / "releases"
    (releases / "v1").rename(unfinished("v1", releases))

    check_new("v1", releases, desk.record)


def test_feed_goes_out_alone_where_nothing_is_left(tmp_path: Path) -> None:
    """When everybody withdrew there is no release to put it in; holders need it all the more."""
    from curate.verbs.release.recall import Recalled

    desk = Desk(tmp_path)
    first, _ = desk.release("v1")
    _, issue = desk.release("v2", said=dict.fromkeys(NAMES[1:], "blocked"))
    issue.audited = desk._audited(
        {n: media(n, root=str(desk.root)) for n in NAMES}, dict.fromkeys(NAMES, "blocked"), ()
    )
    for cached in ("_called_back", "_announced", "fresh"):
        issue.__dict__.pop(cached, None)
    issue.name = "v3"

    done = Recalled.of(None, issue, desk.root / "releases")

    feed = read_feed(done.feed, KEYS)
    assert (done.folder, done.gone, done.fresh, len(feed.tombstones)) == (None, 6, 1, 6)
    found = check_copy(first.folder, feed).found
    assert {one.path for one in found if one.kind == FILE} == set(first.items["path"].to_pylist())
    stones = desk.ledger.read("tombstones")["digests"].to_pylist()
    assert sorted(map(len, stones)) == [1, 5]
