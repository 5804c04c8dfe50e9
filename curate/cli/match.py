"""`curate match`: what of a folder is on a hash list, with no workspace."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.cli.lists import ColumnOption, FormOption, SignalOption, columns_of
from curate.cli.options import JsonOption
from curate.cli.output import say, say_json, table, tell
from curate.errors import ExitStatus


def command(
    folder: Annotated[Path, typer.Argument(help="The folder to check.")],
    lists: Annotated[list[Path], typer.Option("--list", help="A hash list; may be given again.")],
    form: FormOption = "auto",
    signal: SignalOption = "",
    column: ColumnOption = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Name the files: keep this output out of logs.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Hold the files of a folder against hash lists. Shows nothing, copies nothing, sends nothing.

    Raises:
        ManyErrors: Rows of a list are wrong.
        PathNotFoundError: The folder or a list is not there.
    """
    from curate.api import utc_now
    from curate.safety.folder import match_folder
    from curate.safety.formats import read_list
    from curate.safety.lists import HashList, ListInfo, stale_from

    now = utc_now()
    read = []
    for path in lists:
        found = read_list(path, form=form, signal=signal, columns=columns_of(column))
        info = ListInfo(path.name, "", "custom", now, stale_from(now), skipped=found.skipped)
        read.append(HashList(info, found.entries))
    done = match_folder(folder, read)
    rows = done.found.matches.to_pylist()
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
        "not_checkable": len(done.found.unchecked),
        "unreadable": done.unreadable,
        "not_compared": {one.info.list_id: dict(one.info.skipped) for one in read},
        "floods": sum(len(entries) for entries in done.found.floods.values()),
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
        if counts["match"]:
            tell("do not look at what matched: docs/safety.md has the runbook; ask your counsel")
    return ExitStatus.FINDINGS if bands else ExitStatus.GOOD
