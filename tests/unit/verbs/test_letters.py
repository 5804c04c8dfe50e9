"""Letters from a workspace: what is on record, odd states, other names, the erased."""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.catalog.record import ITEMS
from curate.errors import InputError, UnknownNameError, VerificationError
from curate.release.feed import tombstone
from curate.report.pdf import pdf_of
from curate.schema import conform
from curate.verbs.consent import annul, withdraw
from curate.verbs.context import Context
from curate.verbs.erase import erase, erasure
from curate.verbs.gaps import copied_releases, unknown_to_ledger
from curate.verbs.letters import letter
from curate.verbs.names import merge
from curate.verbs.release.recipients import Recipients
from curate.verbs.requests import move_request, open_request
from curate.verbs.reviewers import add_reviewer
from curate.verbs.statements import import_statements
from tests.factories import whole

SAID = (
    "subject,subject_kind,minor_at_capture,purposes,roles,operations,valid_from,given_at\n"
    "p1,adult,no,train-detector,depicted,include;train_detector,2020-01-01,2020-01-01\n"
    "p2,adult,no,train-detector,depicted,include;train_detector,2020-01-01,2020-01-01\n"
    "p3,adult,no,train-detector,depicted,include;train_detector,2020-01-01,2020-01-01\n"
)
NOTICE = ("signature", "identification", "good_faith", "contact")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a workspace of four pictures of three people, and one of nobody."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "settings"))
        (folder / "media").mkdir()
        for seed, name in enumerate("abcd"):
            cells = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
            Image.fromarray(cells).resize((128, 128)).save(folder / "media" / f"{name}.png")
        rows = ["path,label,subject,role", *(f"{n}.png,real,{p},depicted" for n, p in
                (("a", "p1"), ("b", "p2"), ("c", "p3"), ("d", "p1")))]  # fmt: skip
        (folder / "media" / "manifest.csv").write_text("\n".join(rows))
        (folder / "said.csv").write_text(SAID)
        project = curate.init(folder / "ws")
        project.ingest(folder / "media")
        import_statements(project.context, folder / "said.csv")
        project.run(["probe"], jobs=1)
    return folder


@pytest.fixture
def context(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Return a copy of the workspace."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(made / "settings"))
    shutil.copytree(made / "ws", tmp_path / "ws")
    return curate.open(tmp_path / "ws").context


def read(context: Context, about: str) -> tuple[str, str]:
    """Return the text of a letter, and what is told beside it."""
    written = letter(context, about)
    body = written.html.partition("<body>")[2]
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
    return text, " ".join(written.notes)


def closed(context: Context, kind: str, state: str = "fulfilled", **facts: str) -> None:
    """Open and close a request that is called q."""
    about = {"subject": "p1"} | {k: v for k, v in facts.items() if k == "subject"}
    open_request(context, kind, request_id="q", notice=NOTICE, **about)  # type: ignore[arg-type]
    words = {k: v for k, v in facts.items() if k in ("outcome", "reason")}
    move_request(context, "q", state, **words)


def test_a_withdrawal_is_confirmed_by_its_id(context: Context) -> None:
    (event,) = withdraw(context, "p1").ids
    text, notes = read(context, event)
    assert "We have recorded that you withdrew" in text
    assert "2 pictures and videos" in text
    assert "Your reference: p1" in text
    assert "Our reference" not in text
    assert "does not name its sender" in notes


def went_out(context: Context) -> dict[str, str]:
    """Record that a lab has all pictures, as v1; return the SHA-256 of each released file."""
    entries = context.catalog.read("media").to_pylist()
    files = {r["locator"]: hashlib.sha256(r["locator"].encode()).hexdigest() for r in entries}
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    items = [
        whole(ITEMS) | {"release_id": "r1", "media_id": r["media_id"], "path": r["locator"],
                        "sha256": files[r["locator"]], "crops": None}
        for r in entries
    ]  # fmt: skip
    now = context.clock()
    context.record.add_release(
        row | {"release_id": "r1", "name": "v1", "use": "detector-training", "built_at": now},
        conform(items, ITEMS), recorded_at=now,
    )  # fmt: skip
    Recipients(context.ledger).deliver("v1", "lab-a", now=now)
    return files


def call_back(context: Context, files: list[str]) -> None:
    """Record that a feed names some files."""
    now = context.clock()
    salt = hashlib.sha256("".join(files).encode()).digest()[:16]
    stones = [tombstone(sha256, salt).digest for sha256 in files]
    row = {"use": "detector-training", "salt": salt.hex(), "recalled_at": now,
           "digests": stones}  # fmt: skip
    context.ledger.record("tombstones", [row], recorded_at=now)


def test_an_answer_counts_once_the_files_were_called_back(context: Context) -> None:
    """What a lab said before is about other files."""
    files = went_out(context)
    said = Recipients(context.ledger)
    said.acknowledge("v1", "lab-a", "deleted", now=context.clock())
    (event,) = withdraw(context, "p1").ids
    assert "lab-a, on" in read(context, event)[0]
    assert "We have yet to list for them which files these are" in read(context, event)[0]
    call_back(context, [files["a.png"]])
    assert "We have yet to list for them" in read(context, event)[0]
    call_back(context, [files["d.png"]])
    text, _ = read(context, event)
    assert "We have listed for them which files these are. They have not answered" in text
    said.acknowledge("v1", "lab-a", "deleted", now=context.clock())
    assert "that they have deleted what has to be deleted" in read(context, event)[0]


def test_a_takedown_names_who_has_it(context: Context) -> None:
    """What was released has other bytes than the picture that was sent."""
    went_out(context)
    picture = context.workspace.root.parents[0] / "sent.png"
    (media,) = (r for r in context.catalog.read("media").to_pylist() if r["locator"] == "c.png")
    shutil.copy(Path(media["root"]) / "c.png", picture)
    made = open_request(context, "takedown_likeness", files=[picture], request_id="q",
                        notice=NOTICE)  # fmt: skip
    assert made["found"]["released"] == [("v1", "c.png")]
    assert made["found"]["recipients"] == [("v1", "lab-a")]
    move_request(context, "q", "fulfilled", outcome="blocked")
    text, _ = read(context, "q")
    assert "1 picture or video in our records is blocked" in text
    assert "lab-a, on" in text


@pytest.mark.parametrize(
    ("given", "said", "never"),
    [
        ({"urls": ["https://host.example/x.jpg"]}, "Please send us the picture", "are recognised"),
        ({"hashes": ["ab" * 32]}, "same to the last byte", "recognised and blocked"),
        ({"hashes": ["pdq:" + "ab" * 32]}, "compared the code", "last byte"),
    ],
)
def test_a_takedown_of_what_is_not_found_claims_no_more(
    context: Context, given: dict[str, list[str]], said: str, never: str
) -> None:
    made = open_request(context, "takedown_likeness", request_id="q", notice=NOTICE, **given)  # type: ignore[arg-type]
    assert not any(made["found"].values())
    texts = [read(context, "q")[0]]
    move_request(context, "q", "fulfilled", outcome="looked")
    for text in (*texts, read(context, "q")[0]):
        assert said in text
        assert never not in text
        assert "goes into no new dataset" not in text
        assert "Nobody has received" not in text


def test_who_never_agreed_is_confirmed_too(context: Context) -> None:
    """What they say is kept as a request, whose id is made of the pseudonym: it is not shown."""
    rows = "subject,subject_kind\np9,adult\n"
    path = context.workspace.root.parent / "more.csv"
    path.write_text(rows)
    import_statements(context, path)
    (request,) = withdraw(context, "p9").ids
    text, _ = read(context, request)
    assert "no picture or video that shows you" in text
    assert "withdrawal/p9" not in text


def test_a_grant_before_a_withdrawal_was_stated_is_no_second_agreement(context: Context) -> None:
    """Whoever withdraws from an earlier day on did not agree again in between."""
    recorded = withdraw(context, "p1", effective_at=datetime(2019, 6, 1, tzinfo=UTC))
    text, _ = read(context, recorded.ids[0])
    assert "agreed again" not in text


def test_an_annulled_withdrawal_is_a_mistake(context: Context) -> None:
    for name in ("r.meyer", "s.okafor"):
        add_reviewer(context, name, name=name)
    (event,) = withdraw(context, "p1").ids
    annul(context, event, by=["r.meyer", "s.okafor"], reason="typed in the wrong line")
    text, _ = read(context, event)
    assert "That was our mistake" in text
    assert "meyer" not in text


def test_a_grant_is_no_withdrawal(context: Context) -> None:
    with pytest.raises(InputError, match="no withdrawal"):
        letter(context, "p1/1/given")


@pytest.mark.parametrize("about", ["", "q-none", "p1", "../../etc/passwd"])
def test_what_is_not_on_record_has_no_letter(context: Context, about: str) -> None:
    with pytest.raises(UnknownNameError):
        letter(context, about)


def test_a_catalogue_that_is_gone_is_told(context: Context) -> None:
    """The letter does not say that nothing shows them."""
    (event,) = withdraw(context, "p1").ids
    shutil.rmtree(context.workspace.catalog)
    text, notes = read(curate.open(context.workspace.root).context, event)
    assert "could not look into everything" in text
    assert "not all is known" in notes or "cannot be told" in notes


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("left out of the next dataset", True),
        ("blocked by CON038", False),
        ("p2 asked for the same.", False),
        ("request 7f572b5d-c526-577d-97f0-511ce8bac3a6", False),
    ],
)
def test_an_outcome_with_a_code_or_another_name_is_left_out(
    context: Context,
    outcome: str,
    told: bool,  # noqa: FBT001
) -> None:
    closed(context, "objection", outcome=outcome)
    text, notes = read(context, "q")
    assert (outcome.rstrip(".") in text) is told
    assert ("leaves it out" in notes) is not told


def test_a_reason_with_another_name_is_left_out(context: Context) -> None:
    closed(context, "objection", "refused", reason="it was p2 who wrote")
    text, notes = read(context, "q")
    assert "p2" not in text
    assert "leaves it out" in notes


def test_what_a_request_says_is_inert(context: Context) -> None:
    closed(context, "objection", outcome="<img src=x onerror=alert(1)>")
    assert "<img" not in letter(context, "q").html


def test_an_erasure_tells_what_is_left(context: Context) -> None:
    open_request(context, "erasure", subject="p1", request_id="q", notice=NOTICE)
    erase(context, "p1")
    for about in ("q", erased_request(context, "p1")):
        text, notes = read(context, about)
        assert "We have erased our records about you, and some files are left" in text
        assert "2 files with pictures or videos that show you have not been deleted yet" in text
        assert "--delete-files" in notes
    assert "Our reference: q" in read(context, "q")[0]


def test_an_erasure_without_its_receipt_claims_nothing(context: Context) -> None:
    open_request(context, "erasure", subject="p1", request_id="q", notice=NOTICE)
    erase(context, "p1")
    (receipt,) = (context.workspace.root / "receipts").glob("*.json")
    receipt.write_text("{}")
    with pytest.raises(VerificationError, match="no receipt"):
        letter(context, "q")
    receipt.unlink()
    with pytest.raises(VerificationError, match="is not there"):
        letter(context, "q")


def test_an_edited_receipt_makes_no_letter(context: Context) -> None:
    """A letter that says that nothing is left must not rest on a file that anybody can edit."""
    open_request(context, "erasure", subject="p1", request_id="q", notice=NOTICE)
    erase(context, "p1")
    (receipt,) = (context.workspace.root / "receipts").glob("*.json")
    receipt.write_text(receipt.read_text().replace("a.png", "z.png"))
    with pytest.raises(VerificationError, match="not what was issued"):
        letter(context, "q")


def test_an_erasure_that_is_not_on_record_is_not_claimed(context: Context) -> None:
    """Whatever the outcome says: what a letter says was erased is what a receipt names."""
    closed(context, "erasure", outcome="all was erased")
    with pytest.raises(VerificationError, match="no erasure of p1 is on record"):
        letter(context, "q")
    erase(context, "p1")
    assert "some files are left" in read(context, "q")[0]


def test_an_erasure_finds_copies_that_nothing_lists(made: Path, context: Context) -> None:
    """Beside the listed files, exports and drafts of names within the workspace; each is named."""
    root = context.workspace.root
    media = root.parent / "media"
    shutil.copytree(made / "media", media)
    project = curate.open(root)
    project.ingest(media, dataset="media")
    project.run(["probe"], jobs=1)
    context = project.context
    (media / "kept").mkdir()
    shutil.copy(media / "a.png", media / "kept" / "again.png")
    shutil.copy(media / "b.png", media / "kept" / "other.png")
    shutil.copy(media / "b.png", root / "holiday.png")
    with tarfile.open(root / "v1.tar", "w") as tar:
        tar.add(media / "a.png", "0001.png")
    draft = root / "draft"
    (draft / "faces").mkdir(parents=True)
    mine, other = (hashlib.sha256((media / n).read_bytes()).hexdigest() for n in ("a.png", "b.png"))
    lines = ["identity_id,face_id,sha256,locator", f"i1,f1,{mine},a.png", f"i2,f2,{other},b.png"]
    (draft / "faces.csv").write_text("\n".join(lines))
    for name in ("00001-001.jpg", "00003-001.jpg"):
        (draft / "faces" / name).write_bytes(b"a face")
    open_request(context, "erasure", subject="p1", request_id="q", notice=NOTICE)
    _, done = erase(context, "p1", delete_files=True, known_only=True)
    assert str(media / "kept" / "again.png") in done["destroyed"]["files"]
    assert done["destroyed"]["exports"] == [
        str(draft / "faces" / "00001-001.jpg"), str(root / "v1.tar"),
    ]  # fmt: skip
    assert done["not_destroyed"]["may_show"] == [str(root / "holiday.png")]
    assert (draft / "faces" / "00003-001.jpg").is_file()
    assert (made / "media" / "a.png").is_file()
    assert str(media / "manifest.csv") in done["not_destroyed"]["manifests"]
    assert (media / "kept" / "other.png").is_file()
    assert not (media / "kept" / "again.png").exists()
    text, _ = read(context, "q")
    assert "We have erased our records about you, and some files are left" in text
    assert "2 files among our working copies" in text
    assert "1 further file with pictures may show you. We have to look at it" in text
    assert "stands in the lists of files that we work from" in text
    assert "what you agreed to" in text


def test_a_copy_of_a_release_in_the_workspace_locks_nothing(context: Context) -> None:
    """It is the release that its manifest says; a folder with another manifest is a stranger's."""
    releases = context.workspace.releases
    (releases / "v1-backup").mkdir(parents=True)
    (releases / "v1-backup" / "manifest.json").write_text("{}")
    with pytest.raises(VerificationError, match="does not know 1 release"):
        erasure(context, "p1")
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    now = context.clock()
    context.record.add_release(
        row | {"release_id": "r1", "name": "v1", "use": "detector-training", "built_at": now,
               "manifest_sha256": hashlib.sha256(b"{}").hexdigest()},
        conform([], ITEMS), recorded_at=now,
    )  # fmt: skip
    assert copied_releases(context) == {"v1-backup": "v1"}
    assert unknown_to_ledger(context) == []
    erasure(context, "p1")


def test_all_names_of_a_person_are_erased_and_answered(context: Context) -> None:
    merge(context, "p1", "p3", reviewer="r.meyer", reason="one person")
    open_request(context, "erasure", subject="p3", request_id="q", notice=NOTICE)
    erase(context, "p1")
    text, _ = read(context, "q")
    assert "3 files with pictures or videos" in text
    assert "p1" not in text


def test_other_names_need_a_letter_of_their_own(context: Context) -> None:
    """A merge by one reviewer may be a mistake: nothing of the other name is told."""
    merge(context, "p1", "p2", reviewer="r.meyer", reason="one person")
    closed(context, "access", outcome="sent")
    text, notes = read(context, "q")
    assert "name you in 2 pictures" in text
    assert "p2" not in text
    assert "further records that may be about you" in text
    assert "all that we have on record" not in text
    assert "merged with p2" in notes
    withdraw(context, "p2")
    assert "We do not use this consent any more" in read(context, "q")[0]


def test_names_that_are_settled_are_answered_together(context: Context) -> None:
    for name in ("r.meyer", "s.okafor"):
        add_reviewer(context, name, name=name)
        merge(context, "p1", "p2", reviewer=name, reason="one person")
    closed(context, "access", outcome="sent")
    text, notes = read(context, "q")
    assert "name you in 3 pictures" in text
    assert "all that we have on record about you" in text
    assert "p2" in notes
    assert "further records" not in text


def test_what_the_workspace_holds_by_itself_has_no_letter(context: Context) -> None:
    row = {"request_id": "held", "kind": "restriction", "received_at": context.clock(),
           "state": "received", "media_ids": ["x"]}  # fmt: skip
    context.ledger.record("requests", [row], recorded_at=context.clock())
    with pytest.raises(InputError, match="nobody asked"):
        letter(context, "held")


def test_a_letter_is_printed(context: Context) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    closed(context, "access", outcome="sent")
    assert pdf_of(letter(context, "q").html).startswith(b"%PDF")


def test_an_id_is_no_path(context: Context) -> None:
    open_request(context, "access", subject="p1", request_id="../../out", notice=NOTICE)
    path = move_request(context, "../../out", "fulfilled", outcome="sent")
    assert path is not None
    assert path.parent == context.workspace.root / "safety" / "receipts"
    assert path.is_file()
    for name in ("x" * 300, "a\nb", " "):
        with pytest.raises(InputError, match="can be printed"):
            open_request(context, "access", subject="p1", request_id=name, notice=NOTICE)


def erased_request(context: Context, subject: str) -> str:
    """Return the id of the request that an erasure leaves on record."""
    rows = context.ledger.read("requests").to_pylist()
    return next(r["request_id"] for r in rows if r["subject_id"] == subject and r["receipts"])
