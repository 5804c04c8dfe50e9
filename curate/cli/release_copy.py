"""`curate release check-copy` and `diff`: what holders of releases ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say, say_json
from curate.cli.release_verify import PublicOption
from curate.cli.signing import public_keys
from curate.errors import EmptyInputError, ExitStatus, PathNotFoundError, printable


def check_copy_command(
    folder: Annotated[Path, typer.Argument(help="The folder that holds your copy.")],
    feed: Annotated[
        Path, typer.Option(help="The withdrawal feed: withdrawals.json of a newer release.")
    ],
    key: PublicOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell which files, members of archives and rows of tables must go; exit 1 when some must.

    Raises:
        PathNotFoundError: There is no such folder.
        EmptyInputError: It holds no file.
        VerificationError: The feed is none, or no given key signed it.
    """
    from curate.release.check_copy import UNREAD, check_copy
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
    found = check_copy(folder, told)
    if as_json:
        say_json({"signed": told.signed, "feed": {**told.said, "tombstones": len(told.tombstones)},
                  "found": [vars(one) for one in found]})  # fmt: skip
        return ExitStatus.FINDINGS if found else ExitStatus.GOOD
    if not told.signed:
        note("note: the feed's signature was not checked; `--key` names a public key")
    for one in found:
        say(printable(f"{one.path}: {one.kind} {one.part}".rstrip()))
    unread = sum(one.kind == UNREAD for one in found)
    say(f"{len(found) - unread:,} must go" + (f"; {unread:,} could not be read" if unread else ""))
    return ExitStatus.FINDINGS if found else ExitStatus.GOOD


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
