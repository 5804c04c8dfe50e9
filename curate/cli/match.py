"""`curate match`: what of a folder or catalogue is on a hash list, or in another's fingerprint."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.lists import ColumnOption, FormOption, SignalOption, columns_of
from curate.cli.options import JsonOption
from curate.cli.output import open_project, say, say_json, table, tell
from curate.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from curate.safety.folder import Hashed
    from curate.safety.lists import HashList


def command(
    folder: Annotated[
        Path, typer.Argument(help="The folder to check; a workspace is checked by its catalogue.")
    ],
    lists: Annotated[
        list[Path] | None, typer.Option("--list", help="A hash list; may be given again.")
    ] = None,
    fingerprints: Annotated[
        list[Path] | None,
        typer.Option("--fingerprint", help="Another catalogue's fingerprint; may be given again."),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", help="The fingerprint's key: file:PATH, env:NAME, keyring:NAME.")
    ] = "",
    form: FormOption = "auto",
    signal: SignalOption = "",
    column: ColumnOption = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Name the files: keep this output out of logs.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Hold files against hash lists or fingerprints. Shows nothing, copies nothing, sends nothing.

    Raises:
        InputError: There is neither a list nor a fingerprint, or no key to one.
        ManyErrors: Rows of a list are wrong.
        MissingKeyError: There is no such key.
        PathNotFoundError: The folder, a list or a fingerprint is not there.
        VerificationError: A fingerprint does not open.
    """
    from curate.safety.folder import hash_folder

    read = [_read(path, form, signal, column) for path in lists or ()]
    if not read and not fingerprints:
        raise InputError("there is nothing to hold the files against", where=str(folder),
                         hint="name a --list or a --fingerprint")  # fmt: skip
    theirs = _opened(fingerprints or [], key)
    done = _catalogue(folder) if _is_workspace(folder) else hash_folder(folder, read)
    read += [as_named(done.digests) for as_named in theirs]
    found = done.match(read)
    rows = found.matches.to_pylist()
    bands = dict.fromkeys((row["item"] for row in rows), "near")
    bands |= {row["item"]: "match" for row in rows if row["band"] == "match"}
    told: list[dict[str, Any]] = [
        {"sha256": done.digests[row["item"]], "list": row["list_id"], "band": row["band"],
         "basis": row["basis"], "distance": row["distance"], "why": row["why"],
         **({"path": ", ".join(done.paths[row["item"]])} if paths else {})}
        for row in rows
    ]  # fmt: skip
    counts = Counter(bands.values())
    summary = {
        "contents": len(done.digests),
        "match": counts["match"],
        "near": counts["near"],
        "not_checkable": len(found.unchecked),
        "unreadable": done.unreadable,
        "not_compared": {one.info.list_id: dict(one.info.skipped) for one in read},
        "floods": sum(len(entries) for entries in found.floods.values()),
    }
    if as_json:
        say_json({"summary": summary, "matches": told})
    else:
        if told:
            table(told, [c for c in told[0] if any(row.get(c) is not None for row in told)])
        say(
            f"{len(done.digests):,} contents: {counts['match']:,} match, {counts['near']:,} near, "
            f"{summary['not_checkable']:,} not checkable, {done.unreadable:,} unreadable"
        )
        if lists and counts["match"]:
            tell("do not look at what matched: docs/safety.md has the runbook; ask your counsel")
    return ExitStatus.FINDINGS if bands else ExitStatus.GOOD


def _read(path: Path, form: str, signal: str, column: list[str] | None) -> HashList:
    from curate.api import utc_now
    from curate.safety.formats import read_list
    from curate.safety.lists import HashList, ListInfo, stale_from

    now = utc_now()
    found = read_list(path, form=form, signal=signal, columns=columns_of(column))
    info = ListInfo(path.name, "", "custom", now, stale_from(now), skipped=found.skipped)
    return HashList(info, found.entries)


def _opened(paths: list[Path], key: str) -> list[Callable[[list[str]], HashList]]:
    """Return what gives each fingerprint as a list, once it is known what there is to hold."""
    from functools import partial

    from curate.safety.fingerprint import as_list, read_fingerprint
    from curate.vault import workspace_key

    if not paths:
        return []
    if not key:
        raise InputError("a fingerprint opens with the key that it was made with",
                         where=str(paths[0]), hint="--key file:PATH")  # fmt: skip
    secret = workspace_key(key)
    return [
        partial(as_list, read_fingerprint(path, secret), key=secret, name=path.name)
        for path in paths
    ]


def _is_workspace(folder: Path) -> bool:
    from curate.workspace import Workspace

    return Workspace(folder).config.is_file()


def _catalogue(folder: Path) -> Hashed:
    from curate.safety.folder import hash_catalogue

    return hash_catalogue(open_project(folder).catalog)
