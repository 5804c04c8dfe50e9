"""`curate release check-copy` and `diff`: what holders of releases ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say, say_json
from curate.cli.release_verify import PublicOption
from curate.cli.signing import public_keys
from curate.errors import (
    EmptyInputError,
    ExitStatus,
    InputError,
    PathNotFoundError,
    printable,
)
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.release.check_copy import Checked, Unread
    from curate.release.near import Looks

# Places of what was not searched, told for each reason.
_SHOWN = 10


def check_copy_command(
    folder: Annotated[Path, typer.Argument(help="The folder that holds your copy.")],
    feed: Annotated[
        Path, typer.Option(help="The withdrawal feed: withdrawals.json of a newer release.")
    ],
    key: PublicOption = None,
    near: Annotated[
        Path | None,
        typer.Option(help="A fingerprint of what was called back: what looks like it is found."),
    ] = None,
    near_key: Annotated[
        str, typer.Option(help="The key of that fingerprint: file:PATH, env:NAME, keyring:NAME.")
    ] = "",
    unedited: Annotated[
        bool,
        typer.Option("--unedited", help="Nothing was scaled, cut or written anew, as you know."),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Tell which files, and what lies in them, must go: exit 1 when some must, 3 when not known.

    Archives, tables, databases, arrays, pickles and texts are looked into, however they are
    named and nested. What cannot be looked into is counted, and then the answer is not known.

    Raises:
        PathNotFoundError: There is no such folder.
        EmptyInputError: It holds no file.
        VerificationError: The feed is none, or no given key signed it; or a fingerprint does not
            open.
        InputError: There is a fingerprint without its key.
        MissingKeyError: There is no such key.
    """
    from curate.release.check_copy import check_copy
    from curate.release.feed import read_feed

    if not folder.is_dir():
        raise PathNotFoundError("there is no such folder", where=str(folder))
    told = read_feed(feed, public_keys(key))
    if not any(path.is_file() or path.is_symlink() for path in folder.rglob("*")):
        raise EmptyInputError(
            "the folder holds no file: nothing was looked at",
            where=str(folder),
            hint="name the folder in which your copy lies",
        )
    looks = None if near is None else _looks(near, near_key)
    checked = check_copy(folder, told, looks=looks, unedited=unedited)
    if as_json:
        say_json({"signed": told.signed, "feed": {**told.said, "tombstones": len(told.tombstones)},
                  "answer": _answer(checked), "files": checked.files, "searched": checked.parts,
                  "found": [vars(one) for one in checked.found],
                  "not_searched": [vars(one) for one in checked.unread]})  # fmt: skip
    else:
        if not told.signed:
            note("note: the feed's signature was not checked; `--key` names a public key")
        _print_checked(checked, by_looks=looks is not None)
    if checked.found:
        return ExitStatus.FINDINGS
    return ExitStatus.NOT_KNOWN if checked.unread else ExitStatus.GOOD


def _answer(checked: Checked) -> str:
    """Return the answer in a word."""
    return "must go" if checked.found else "not known" if checked.unread else "nothing must go"


def _looks(near: Path, key: str) -> Looks:
    """Return what compares pictures with a fingerprint.

    Raises:
        InputError: There is no key.
    """
    from curate.release.near import Looks
    from curate.safety.fingerprint import read_fingerprint
    from curate.vault import workspace_key

    if not key:
        raise InputError("a fingerprint opens with the key that it was made with",
                         where=str(near), hint="--near-key file:PATH")  # fmt: skip
    secret = workspace_key(key)
    return Looks(read_fingerprint(near, secret), secret)


def _print_checked(checked: Checked, *, by_looks: bool) -> None:
    for one in checked.found:
        say(printable(f"{one.path}: {one.kind} {one.part}".rstrip()))
    _print_unread(checked.unread)
    unread = sum(one.count for one in checked.unread)
    if checked.found:
        say(f"{len(checked.found):,} must go"
            + (f"; {_not_searched(unread)}, and may hold more" if unread else ""))  # fmt: skip
    elif unread:
        say(f"not known: nothing that must go was found, and {_not_searched(unread)}")
    else:
        say(f"0 must go: {counted(checked.files, 'file')} and what lies in "
            f"{verb(checked.files, 'it', 'them')} were searched by "
            + ("their bytes and their looks" if by_looks else "their bytes"))  # fmt: skip


def _print_unread(unread: list[Unread]) -> None:
    """Say what was not searched, by the reason, with the first places of each."""
    by_reason: dict[tuple[str, str], list[Unread]] = {}
    for one in unread:
        by_reason.setdefault((one.why, one.hint), []).append(one)
    for (why, hint), places in by_reason.items():
        count = sum(one.count for one in places)
        say(printable(f"not searched in full, {counted(count, 'part')}: {why}"
                      + (f"; {hint}" if hint else "")))  # fmt: skip
        for one in places[:_SHOWN]:
            more = f" and {one.count - 1:,} more in this file" if one.count > 1 else ""
            say(printable(f"  {one.path}{f'/{one.part}' if one.part else ''}{more}"))
        if len(places) > _SHOWN:
            say(f"  and {counted(len(places) - _SHOWN, 'more file', 'more files')}; --json has all")


def _not_searched(count: int) -> str:
    return f"{counted(count, 'part')} of the copy could not be searched in full"


def diff_command(
    one: Annotated[Path, typer.Argument(help="A release's folder.")],
    other: Annotated[Path, typer.Argument(help="Another's, that came later.")],
    shown: Annotated[int, typer.Option("--limit", help="Entries listed of each kind.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Tell what changed from one release to another.

    Raises:
        VerificationError: A folder holds no release.
    """
    from curate.release.diff import diff

    found = diff(one, other)
    if as_json:
        say_json(vars(found))
        return
    say(f"{found.versions[0]} to {found.versions[1]}: {len(found.added):,} entries added, "
        f"{len(found.removed):,} removed, {len(found.changed):,} changed")  # fmt: skip
    for sign, ids in (("+", found.added), ("-", found.removed)):
        for media in ids[:shown]:
            say(f"  {sign} {media}")
    for media, columns in sorted(found.changed.items())[:shown]:
        say(f"  ~ {media}: {', '.join(columns)}")
    counts = ", ".join(f"{count:,} {how}" for how, count in found.files.items())
    say(f"files: {counts}; {found.recalled:,} more tombstones in the feed")
