"""`curate requests`: what people asked, with its clock."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, table
from curate.model.plural import counted, verb

app = typer.Typer(
    invoke_without_command=True,
    help="Takedowns, erasure and other requests, the most urgent first.",
)


@app.callback()
def list_command(
    typer_context: typer.Context,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List open requests, the most urgent first."""
    if typer_context.invoked_subcommand is not None:
        return
    from curate.verbs.requests import waiting_requests

    context = open_context(workspace)
    rows = waiting_requests(context)
    if as_json:
        say_json(rows)
        return
    shown = [
        {"request": row["request_id"], "kind": row["kind"], "state": row["state"],
         "due": "" if row["due_at"] is None else f"{row['due_at']:%Y-%m-%d %H:%M}",
         "hours left": row["hours_left"],
         "entries": len(row["media_ids"] or []) or ("all of theirs" if row["subject_id"] else 0)}
        for row in rows
    ]  # fmt: skip
    if not shown:
        say("no request is open")
        return
    table(shown, ["request", "kind", "state", "due", "hours left", "entries"])
    if late := sum(row["hours_left"] is not None and row["hours_left"] < 0 for row in rows):
        note(f"{late:,} are overdue")


@app.command("open")
def open_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="takedown_ncii, takedown_likeness, erasure, objection, restriction, access, "
            "rectification or portability."
        ),
    ],
    subject: Annotated[str, typer.Option("--subject", help="The subject's pseudonym.")] = "",
    entry: Annotated[
        list[str] | None, typer.Option("--entry", help="A locator; may be given again.")
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", help="What a takedown is about: a picture or video of it."),
    ] = None,
    hashes: Annotated[
        list[str] | None, typer.Option("--hash", help="Its hash, in hex or as KIND:HEX.")
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option("--url", help="The address at which it is.")
    ] = None,
    received_at: Annotated[
        str | None, typer.Option("--received-at", help="The clock runs from then; now if left out.")
    ] = None,
    lacks: Annotated[
        list[str] | None,
        typer.Option(
            "--lacks",
            help="What the takedown notice lacks: signature, identification, good_faith, contact.",
        ),
    ] = None,
    request_id: Annotated[str, typer.Option("--id", help="Its id; drawn when left out.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record a request: it drives verdicts from now on.

    Raises:
        InputError: It is about nobody and nothing, or a file or hash cannot be read.
        UnknownNameError: There is no such kind or entry, or nothing names the subject.
    """
    from curate.safety.requests import NOTICE
    from curate.verbs.requests import open_request

    made = open_request(
        open_context(workspace), kind, received_at=instant(received_at, "--received-at"),
        subject=subject, locators=entry or (), request_id=request_id,
        notice=[part for part in NOTICE if part not in (lacks or ())],
        files=file or (), hashes=hashes or (), urls=url or (),
    )  # fmt: skip
    if as_json:
        say_json(made)
        return
    count = len(made["media_ids"] or [])
    about = f"all entries of {made['subject_id']}" if made["subject_id"] and not count else (
        counted(count, "entry")
    )  # fmt: skip
    say(f"{made['request_id']}: {kind}, due {made['due_at']:%Y-%m-%d %H:%M} UTC; {about}")
    _tell_found(made)
    if made["notice_lacks"]:
        note(f"the notice lacks {', '.join(made['notice_lacks'])}: ask for it"
             + ("; the entries are blocked meanwhile" if count else ""))  # fmt: skip
    looks = {"file", "perceptual_hash"} & set(made["identified_by"] or ())
    if kind.startswith("takedown") and (count or looks):
        note("run `curate run hashlists`: edited copies are looked for too")


def _tell_found(made: dict[str, Any]) -> None:
    """Print where what was asked about was found, and what it can be recognised by."""
    found, by = made["found"], set(made["identified_by"] or ()) - {"entry"}
    if by and not (found["same"] or found["near"] or found["released"]):
        for kind in sorted(by):
            say(_NOT_FOUND[kind])
    for name, count in found["sources"]:
        say(f"the source {name} is of that address: {counted(count, 'entry')} "
            f"{verb(count, 'is', 'are')} from it; which of them it is cannot be told")  # fmt: skip
    if by == {"url"} and not found["same"]:
        note("a picture is not recognised by its address: nothing is blocked. Ask for the picture, "
             "and open a request with --file")  # fmt: skip
    if found["near"]:
        say(f"{counted(len(found['near']), 'entry')} may be an edited copy; look at each, and name "
            "with --entry, in a request of its own, what is one")  # fmt: skip
        for name in found["near"]:
            say(f"  {name}")
    for release, path in found["released"]:
        say(f"release {release} holds it as {path}")
    for release, who in found["recipients"]:
        say(f"{who} has release {release}")
    if found["released"]:
        say("`curate release recall --all` calls it back")


_NOT_FOUND = {
    "file": "no entry and no released file that could be read is the same picture or video, by its "
    "bytes, its pixels or its looks. What comes later is compared with it: copies that were "
    "scaled, saved again, mirrored or turned by right angles are recognised, those cut by up to a "
    "tenth or turned by up to ten degrees go to review, and those changed more may be missed",
    "perceptual_hash": "no entry has looks like that hash. What comes later is compared with it: "
    "copies that were cut or edited may be missed",
    "byte_hash": "no entry and no released file has these bytes. Only exact copies are recognised "
    "by such a hash: ask for the picture",
    "url": "no entry has that address on record",
}


@app.command("move")
def move_command(
    request_id: Annotated[str, typer.Argument(help="The request.")],
    state: Annotated[
        str, typer.Argument(help="id_check or in_progress; fulfilled, refused or expired.")
    ],
    outcome: Annotated[str, typer.Option("--outcome", help="What was done.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Why it was not fulfilled, a term of DPV.")
    ] = "",
    key: Annotated[
        list[str] | None, typer.Option("--key", help="Sign the receipt with this key.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a request stands; closing it gives a receipt.

    Raises:
        UnknownNameError: There is no such request or state.
        InputError: It is closed already, or what closing needs is missing.
        MissingKeyError: The key is not there, or its passphrase is missing or another.
    """
    from curate.cli.signing import signing_keys
    from curate.verbs.requests import kind_of, move_request

    context = open_context(workspace)
    receipt = move_request(
        context, request_id, state, outcome=outcome, reason=reason,
        keys=signing_keys(key),
    )  # fmt: skip
    if as_json:
        say_json({"request_id": request_id, "state": state, "receipt": receipt})
        return
    say(f"{request_id}: {state}" + ("" if receipt is None else f"; receipt {receipt}"))
    kind = kind_of(context, request_id)
    if state == "fulfilled" and kind == "erasure":
        note("an erasure is what `curate consent erase SUBJECT` does: a letter says only what that "
             "put on record, and not the outcome")  # fmt: skip
    if state == "fulfilled" and kind == "restriction":
        say("what it is about stays blocked until somebody lifts the restriction: `curate requests "
            f"lift {quote(request_id)} --by NAME --reason TEXT`")  # fmt: skip


@app.command("lift")
def lift_command(
    request_id: Annotated[str, typer.Argument(help="The restriction.")],
    by: Annotated[str, typer.Option("--by", help="Who lifts it, as on the register of reviewers.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in words for the person.")],
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="From when it no longer holds, so that the person can be told "
            "before; now if left out.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a restriction that was granted: what it is about may be used again.

    Raises:
        UnknownNameError: There is no such request, or nobody of that name is on the register.
        InputError: It is no restriction that was granted, was lifted already, or lacks a reason.
    """
    from curate.verbs.requests import lift_restriction

    row = lift_restriction(open_context(workspace), request_id, by=by, reason=reason,
                           since=instant(since, "--from"))  # fmt: skip
    if as_json:
        say_json(row)
        return
    say(
        f"{request_id}: lifted by {row['lifted_by']}, from {row['lifted_at']:%Y-%m-%d %H:%M} UTC on"
    )
    say(f"`curate requests letter {quote(request_id)} --out FILE.pdf` tells the person")


@app.command("letter")
def letter_command(
    request: Annotated[
        str,
        typer.Argument(help="The request, or the withdrawal as `curate consent show` lists it."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write: its name ends in .html or .pdf.")
    ],
    workspace: WorkspaceOption = None,
) -> None:
    """Write a letter to the person: received, withdrawn, erased, what is held, done or refused.

    Raises:
        UnknownNameError: There is no such request or withdrawal.
        InputError: The file's name ends otherwise, or nobody outside asked for this.
        VerificationError: The receipt of an erasure is not there.
        MissingPrinterError: Nothing here can print a page as PDF.
    """
    from curate.errors import InputError, PathNotFoundError
    from curate.files import write_whole
    from curate.report.pdf import pdf_of
    from curate.verbs.letters import letter

    suffix = out.suffix.lower()
    if suffix not in (".html", ".pdf"):
        raise InputError("a letter is HTML or PDF", where=str(out),
                         hint="give the file a name that ends in .html or .pdf")  # fmt: skip
    if not out.parent.is_dir():
        raise PathNotFoundError("there is no such folder", where=str(out.parent))
    written = letter(open_context(workspace), request)
    write_whole(out, pdf_of(written.html) if suffix == ".pdf" else written.html)
    for text in written.notes:
        note(f"note: {text}")
    say(f"{out}: read it before you send it")


_receipts = typer.Typer(no_args_is_help=True, help="Receipts of requests and erasures.")
app.add_typer(_receipts, name="receipt")


@_receipts.command("verify")
def verify_receipt_command(
    file: Annotated[
        Path, typer.Argument(help="The receipt: of a request, an erasure, or consents.")
    ],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="A public key that must have signed it: a file or a name."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check that a receipt is as this workspace issued it; exit 4 when something does not hold.

    Raises:
        VerificationError: It is no receipt.
        InputError: The file or a key cannot be read.
    """
    from curate.cli.signing import public_keys
    from curate.errors import ExitStatus, printable
    from curate.verbs.receipts import verify_receipt

    found = verify_receipt(open_context(workspace), file, public_keys(key))
    if as_json:
        say_json({"verified": not found.failures, **vars(found)})
    else:
        for text in found.notes:
            note(f"note: {text}")
        for text in found.failures:
            say(printable(f"{file}: {text}"))
        who = "signed by a key you trust" if found.signed else "by what the ledger has"
        count = len(found.failures)
        say(f"{printable(found.about)}: " + (
            f"not verified; {counted(count, 'thing')} {verb(count, 'does', 'do')} not hold"
            if count else f"verified, {who}"
        ))  # fmt: skip
    return ExitStatus.UNVERIFIED if found.failures else ExitStatus.GOOD
