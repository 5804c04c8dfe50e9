"""`curate lists`: hash lists of a workspace, kept encrypted. None ships, and none is fetched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, table
from curate.errors import InputError
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    from curate.safety.lists import ListInfo

app = typer.Typer(
    no_args_is_help=True,
    help="Hash lists of a workspace, kept encrypted. None ships with curate; none is fetched.",
)

NameArgument = Annotated[str, typer.Argument(help="The list's name in this workspace.")]
FormOption = Annotated[
    str, typer.Option("--form", help="plain, threatexchange, te, table or vpdq; else seen.")
]
SignalOption = Annotated[
    str,
    typer.Option("--signal", help="md5, sha1, sha256, pdq or vpdq, where the file does not say."),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", help="KEY=NAME: what the file calls hash, type, status or case."),
]


@app.command("add")
def add_command(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="The file, or a folder of such files.")],
    provider: Annotated[str, typer.Option("--provider", help="Who keeps the list.")],
    category: Annotated[
        str,
        typer.Option(
            "--category",
            help="csam, ncii, takedown, terror, optout, withdrawn_subject or custom.",
        ),
    ],
    terms: Annotated[str, typer.Option("--terms", help="Reference of the terms of use.")] = "",
    fetched_at: Annotated[
        str | None, typer.Option("--fetched-at", help="When it was fetched; now when left out.")
    ] = None,
    stale_after: Annotated[
        str | None, typer.Option("--stale-after", help="30 days after that when left out.")
    ] = None,
    negative: Annotated[
        bool, typer.Option("--negative", help="It lists what is known to be good.")
    ] = False,
    form: FormOption = "auto",
    signal: SignalOption = "",
    column: ColumnOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Leave out a kind that is not computed: asked elsewhere."),
    ] = None,
    radius: Annotated[int, typer.Option("--radius", help="Bits of PDQ that match.")] = 31,
    near: Annotated[int, typer.Option("--near", help="Bits of PDQ that are reviewed.")] = 40,
    min_quality: Annotated[int, typer.Option("--min-quality", help="Least PDQ quality.")] = 50,
    compared: Annotated[float, typer.Option("--compared", help="Percent of a listed video.")] = 80,
    query: Annotated[float, typer.Option("--query", help="Percent of the video at hand.")] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a list, in the place of one of that name.

    Raises:
        ManyErrors: Rows of the file are wrong; nothing was registered.
        UnknownNameError: A kind to be left out is not in the list, or is compared.
        InputError: The category or the thresholds cannot be.
    """
    from curate.safety.formats import read_list
    from curate.safety.lists import ListInfo, stale_from
    from curate.verbs.lists import add_list

    context = open_context(workspace)
    fetched: datetime = instant(fetched_at, "--fetched-at") or context.clock()
    info = ListInfo(
        name, provider, category, fetched, instant(stale_after, "--stale-after")
        or stale_from(fetched), terms, negative, radius, near, min_quality, compared, query,
    )  # fmt: skip
    read = read_list(file, form=form, signal=signal, columns=columns_of(column))
    kept = add_list(context, info, read, without=without or ())
    if as_json:
        say_json(vars(kept))
        return
    said = ", ".join(f"{count:,} {kind}" for kind, count in kept.counts.items()) or "no hashes"
    say(f"{name}: {said}; stale after {kept.stale_after:%Y-%m-%d}")
    _print_kinds(kept)


def _print_kinds(kept: ListInfo) -> None:
    """Say which kinds of hash will be asked, which not, and which were left out."""
    asked = [kind for kind in kept.asked if kind not in kept.skipped]
    if asked:
        say(f"  asked by `curate run probe hashlists`: {', '.join(sorted(asked))}")
    for kind, count in kept.left_out.items():
        note(f"{kind}: {counted(count, 'hash')} left out, to be asked elsewhere")
    for kind, count in kept.skipped.items():
        what = f"{kind}: {counted(count, 'hash')} of a kind that is not computed here"
        if kept.negative:
            note(what)
            continue
        note(f"{what}: nothing is asked by {verb(count, 'it', 'them')}, no entry is cleared and "
             f"nothing is released; ask elsewhere, and add the list again with `--without {kind}`"
             )  # fmt: skip


@app.command("list")
def list_command(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show which lists are registered, and how old they are."""
    from curate.verbs.lists import registered_lists

    context = open_context(workspace)
    now = context.clock()
    known = registered_lists(context)
    rows = [
        {"list": one.list_id, "provider": one.provider, "category": one.category,
         "hashes": sum(one.counts.values()),
         "kinds": ", ".join(sorted(one.asked)), "not asked": ", ".join(sorted(one.skipped)),
         "withdrawn": sum(n for kind, n in one.counts.items() if kind.endswith("withdrawn")),
         "stale": "STALE" if one.is_stale(now) else f"{one.stale_after:%Y-%m-%d}",
         "kind": "known good" if one.negative else "matches"}
        for one in known
    ]  # fmt: skip
    if as_json:
        say_json([{**vars(one), "stale": one.is_stale(now)} for one in known])
    elif rows:
        table(
            rows,
            [
                "list",
                "provider",
                "category",
                "kind",
                "hashes",
                "kinds",
                "not asked",
                "withdrawn",
                "stale",
            ],
        )
    else:
        say("no list is registered")


@app.command("drop")
def drop_command(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """Forget a list: what only it matched is open again once `curate run hashlists` ran.

    Raises:
        UnknownNameError: There is none of that name.
    """
    from curate.verbs.lists import drop_list

    drop_list(open_context(workspace), name)
    say(f"{name}: dropped; run `curate run hashlists`")


def columns_of(options: list[str] | None) -> dict[str, str]:
    """Return what ``--column KEY=NAME`` says.

    Raises:
        InputError: It is not of that form, or no such key is known.
    """
    from curate.safety.formats import COLUMNS

    found = {}
    for one in options or []:
        key, equals, name = one.partition("=")
        if not equals or key not in COLUMNS:
            raise InputError(f"found {one!r}, expected KEY=NAME", where="--column",
                             hint=f"keys are: {', '.join(COLUMNS)}")  # fmt: skip
        found[key] = name
    return found
