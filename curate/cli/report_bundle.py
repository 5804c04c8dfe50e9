"""`curate report bundle` and `verify`: hand over an audit, and check one that was handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption, TsaOption, UseOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json
from curate.cli.signing import public_keys, signing_keys
from curate.errors import ExitStatus, PathNotFoundError, printable
from curate.model.instants import print_instant
from curate.model.plural import counted, verb
from curate.workspace import DEFAULT_USE

SHOWN = 50


def bundle_command(
    folder: Annotated[Path, typer.Argument(help="Where: a folder that is not there yet.")],
    use: UseOption = DEFAULT_USE,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Judge at this instant, by what was known then: the same catalogue and instant "
            "give the same bytes.",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Sign with this key: a name of `curate keys`, or a PEM file."),
    ] = None,
    tsa: TsaOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge every entry, and write the audit with all that it rests on, to hand over.

    It holds the page, its numbers, a PDF where a browser is here, every entry and finding, SARIF,
    settings, rules, digests and the ledger's head. It names files and people: it is for those who
    may see the dataset.

    Raises:
        InputError: The folder holds something, or --as-of is no instant or one still to come.
        MissingKeyError: The key to sign with is not there, or its passphrase is missing.
        DependencyError: The time-stamp authority does not answer, or refuses.
    """
    from curate.verbs.bundle import BundleOrder, bundle

    (secret,) = signing_keys([key]) if key else (None,)
    moment = instant(as_of, "--as-of")
    made = bundle(open_context(workspace), folder, BundleOrder(use, moment, secret, tsa))
    counts = made.audited.counts()
    if as_json:
        say_json({"folder": str(made.folder), "audit": made.manifest.said["audit"],
                  "as_of": print_instant(made.audited.as_of), "counts": counts, "pdf": made.pdf,
                  "signed_by": None if secret is None else secret.public.keyid,
                  "files": [file.path for file in made.manifest.files]})  # fmt: skip
        return
    say(f"wrote {counted(len(made.manifest.files), 'file')} into {made.folder}: "
        f"{counts['cleared']:,} cleared, {counts['needs_review']:,} "
        f"{verb(counts['needs_review'], 'needs', 'need')} review, {counts['blocked']:,} blocked, "
        f"as of {made.audited.as_of:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    if secret is None:
        note("it bears no signature: nothing shows who made it; `--key NAME` signs")
    else:
        say(f"signed by the key {secret.public.keyid}")
    if not made.pdf:
        note("it holds no PDF: neither chromium nor weasyprint is installed")
    note("it names files and, by pseudonyms, people: give it only to those who may see the dataset")


def verify_command(
    folder: Annotated[Path, typer.Argument(help="The folder of the bundle.")],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="A public key that you trust: a PEM file, or a name of yours."),
    ] = None,
    tsa_certificate: Annotated[
        Path | None,
        typer.Option(
            help="A PEM file of the root that vouches for the time-stamp authority: the bundle "
            "must bear its stamp."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Check every file of a bundle, its signature, stamp and proof; exit 4 when one fails.

    Raises:
        PathNotFoundError: There is no such folder.
    """
    from curate.release.bundle.check import check_bundle
    from curate.release.timestamp import read_certificates

    if not folder.is_dir():
        raise PathNotFoundError("there is no such folder", where=str(folder))
    trusted = [] if tsa_certificate is None else read_certificates(tsa_certificate)
    found = check_bundle(folder, public_keys(key), authorities=trusted)
    said = found.said or {}
    if as_json:
        say_json({
            "whole": bool(found),
            "failures": [vars(failure) for failure in found.failures],
            "held": list(found.held),
            "not_checked": list(found.unchecked),
            "signed_by_trusted_key": found.signer,
            "stamped": None if found.stamped is None else print_instant(found.stamped),
            **{name: said.get(name) for name in ("project", "audit", "use", "as_of")},
        })  # fmt: skip
        return ExitStatus.GOOD if found else ExitStatus.UNVERIFIED
    for failure in found.failures[:SHOWN]:
        say(printable(f"{failure.where}: {failure.problem}"))
    if len(found.failures) > SHOWN:
        say(f"... and {len(found.failures) - SHOWN:,} more")
    for sentence in found.held:
        say(printable(f"checked: {sentence}"))
    for sentence in found.unchecked:
        say(printable(f"not checked: {sentence}"))
    if found:
        who = (
            "signed by a key that you trust" if found.signer
            else "agrees with its own list of files; who made it is not known"
        )  # fmt: skip
        say(printable(f"audit {said.get('audit')} of {said.get('project')} as of "
                      f"{said.get('as_of')}: {who}"))  # fmt: skip
        return ExitStatus.GOOD
    count = len(found.failures)
    wrong = f"{counted(count, 'thing')} {verb(count, 'is', 'are')} wrong"
    say(f"the bundle does not hold: {wrong}")
    return ExitStatus.UNVERIFIED
