"""`curate split lint` and `verify`: what leaks between splits, and certificates of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.keys import passphrase_of
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import note, open_context, say, say_json, write_text
from curate.errors import ExitStatus, InputError, VerificationError

if TYPE_CHECKING:
    from curate.splits.lint import Lint

AssignmentOption = Annotated[
    str | None, typer.Option(help="Look at an assignment that `curate split` made.")
]


def lint_command(
    by: Annotated[
        str | None,
        typer.Option(help="Only these relations, joined by commas, such as identity,source."),
    ] = None,
    assignment: AssignmentOption = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the leak certificate to this file.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Sign the certificate: a name of `curate keys`, or a PEM file."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with the matrix, drawn, to this file.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 1, and not 3, where something could not be checked."),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell what stands in two splits at once.

    Exit 0 where everything asked for was checked and no leak was found, 1 where something leaks,
    and 3 where no leak was found and not everything could be checked.

    Raises:
        MissingKeyError: The key to sign with is not there, or its passphrase is missing.
    """
    from curate.cli.split_output import print_lint
    from curate.splits import certificate as certificates
    from curate.verbs.split import lint_splits
    from curate.version import TOOL

    if key is not None and certificate is None:
        raise InputError("there is nothing to sign", where="--key",
                         hint="name a file with --certificate")  # fmt: skip
    sign_with = None if key is None else _signing_key(key)
    context = open_context(workspace)
    found = lint_splits(context, by=None if by is None else by.split(","), assignment=assignment)
    name = context.project_name
    about: dict[str, Any] = {
        "name": name if assignment is None else f"{name}/{assignment}",
        "tool": TOOL,
        "created_at": context.clock(),
    }
    statement = certificates.certificate(found, **about)
    if html is not None:
        from curate.report.leaks import leak_page

        write_text(html, leak_page(found, **about))
        note(f"wrote {html}")
    if certificate is not None:
        _write_certificate(certificate, statement, sign_with)
    if as_json:
        say_json(statement)
    else:
        print_lint(found)
    outcome = certificates.result(found)
    if outcome == certificates.IN_PART and not strict:
        return ExitStatus.NOT_KNOWN
    return ExitStatus.GOOD if outcome == certificates.NONE_FOUND else ExitStatus.FINDINGS


def _signing_key(named: str) -> Any:
    from curate.signing import KeyHome

    return KeyHome().signing_key(named, lambda: passphrase_of(named))


def _write_certificate(path: Path, statement: dict[str, Any], key: Any) -> None:
    from curate.signing import sign

    document = statement if key is None else sign(statement, key)
    write_text(path, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    how = "it is not signed" if key is None else f"signed by {key.public.keyid[:16]}"
    note(f"wrote {path}; {how}")


def verify_command(
    certificate: Annotated[Path, typer.Argument(help="A signed leak certificate.")],
    public: Annotated[
        list[str],
        typer.Option(help="A public key that is trusted: a PEM file, or a name of yours."),
    ],
    assignment: AssignmentOption = None,
    workspace: Annotated[
        Path | None,
        typer.Option("-w", "--workspace", help="Compare with the splits of this workspace, too."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Check who signed a leak certificate, and tell what it says.

    Exit 4 where no given key signed it as it is, or the workspace's splits are others; where it
    is genuine, exit 1 if it tells of leaks, and 3 if not everything had been checked.

    Raises:
        VerificationError: It does not hold.
    """
    from curate.signing import KeyHome, read_envelope, verify
    from curate.splits.certificate import IN_PART, LEAKS, PREDICATE

    keys = [KeyHome().public_key(named) for named in public]
    envelope = read_envelope(certificate)
    statement = verify(envelope, keys, predicate_type=PREDICATE, where=str(certificate))
    if workspace is not None:
        _compare(statement, workspace, assignment, where=str(certificate))
    told = statement["predicate"]
    if as_json:
        say_json(statement)
    else:
        _print_statement(told)
        if workspace is not None:
            say("the splits of the workspace are the ones it tells of")
    return {LEAKS: ExitStatus.FINDINGS, IN_PART: ExitStatus.NOT_KNOWN}.get(
        told["result"], ExitStatus.GOOD
    )


def _compare(
    statement: dict[str, Any], workspace: Path, assignment: str | None, *, where: str
) -> None:
    from curate.verbs.split import lint_splits

    found = lint_splits(open_context(workspace), by=("entry",), assignment=assignment)
    differ = _different(statement, found)
    if differ:
        raise VerificationError(
            f"the certificate is of other splits than the workspace has: {', '.join(differ)}",
            where=where,
            hint="`curate split lint --certificate` makes one of the splits there are now",
        )


def _different(statement: dict[str, Any], found: Lint) -> list[str]:
    """Return the splits that are not the same in a certificate and a workspace, and those gone."""
    from curate.splits.certificate import split_digest

    now = {split: split_digest(found, split) for split in found.placed.splits}
    then = [one["digest"].get("sha256") for one in statement["subject"]]
    # Names may be changed; what a split holds is in its digest.
    gone = [one["name"] for one in statement["subject"]
            if one["digest"].get("sha256") not in now.values()]  # fmt: skip
    return [split for split, digest in now.items() if digest not in then] or gone


def _print_statement(told: dict[str, Any]) -> None:
    say(f"genuine: made {told['createdAt']} by {told['tool']}")
    sizes = ", ".join(f"{split} {size:,}" for split, size in told["splits"].items())
    say(f"{sizes}; {told['inNoSplit']:,} in no split")
    for row in told["relations"]:
        for leak in row["leaks"]:
            say(f"  {row['relation']}: {leak['groups']:,} groups in {leak['left']} and "
                f"{leak['right']}")  # fmt: skip
    for how in ("in part", "not checked"):
        if some := [row["relation"] for row in told["relations"] if row["checked"] == how]:
            say(f"{how.replace('in part', 'checked in part')}: {', '.join(some)}")
    say(told["result"])
