"""`curate split`: look for leaks between splits, and make splits that do not leak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_project, say, say_json, table, tell
from curate.errors import ExitStatus, InputError, printable

if TYPE_CHECKING:
    from curate.splits.lint import Lint

app = typer.Typer(no_args_is_help=True, help="Look for leaks between splits, and make splits.")

ByOption = Annotated[
    str | None,
    typer.Option(help="Only these relations, joined by commas, such as identity,source."),
]


@app.callback()
def _group() -> None:
    """Keep `lint` a command of its own while it is the only one."""


@app.command("lint")
def lint_command(
    by: ByOption = None,
    assignment: Annotated[
        str | None, typer.Option(help="Look at an assignment that `curate split` made.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the leak certificate to this file.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 also where something could not be checked.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell what stands in two splits at once; exit 1 when something does."""
    import json

    from curate.splits import certificate as certificates
    from curate.splits.kinds import kinds_of
    from curate.splitting import lint_splits
    from curate.version import __version__

    project = open_project(workspace)
    kinds = None if by is None else kinds_of(by.split(","))
    found = lint_splits(project.catalog, kinds=kinds, assignment=assignment)
    name = project.config.name or project.workspace.root.name
    statement = certificates.certificate(
        found,
        name=name if assignment is None else f"{name}/{assignment}",
        tool=f"curate {__version__}",
        created_at=project.clock(),
    )
    if certificate is not None:
        text = json.dumps(statement, indent=2, sort_keys=True, ensure_ascii=False)
        _write(certificate, text + "\n")
        tell(f"wrote {certificate}; it is not signed")
    if as_json:
        say_json(statement)
    else:
        _print(found)
    outcome = certificates.result(found)
    bad = outcome == certificates.LEAKS or (strict and outcome != certificates.NONE_FOUND)
    return ExitStatus.FINDINGS if bad else ExitStatus.GOOD


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _print(found: Lint) -> None:
    """Print the matrix of relations and pairs of splits, then examples."""
    from curate.splits.certificate import checked, result
    from curate.splits.kinds import BY_NAME

    pairs = [(found.placed.splits[a], found.placed.splits[b]) for a, b in found.placed.pairs()]
    cells = {(leak.kind, leak.left, leak.right): leak for leak in found.leaks}
    rows = []
    for kind in found.kinds:
        row: dict[str, object] = {"relation": kind}
        for left, right in pairs:
            leak = cells.get((kind, left, right))
            said = f"{leak.left_entries:,} : {leak.right_entries:,}" if leak else "-"
            row[f"{left} : {right}"] = said if found.known(kind) else "?"
        removal = found.removals.get(kind)
        row["remove"] = "" if removal is None else (
            f"{len(removal.placements):,}" if removal.exact
            else f"{len(removal.placements):,} (at least {removal.at_least:,})"
        )  # fmt: skip
        row["checked"] = f"{found.known(kind):,} of {found.ties.entries.num_rows:,}"
        rows.append(row)
    say(", ".join(f"{name} {size:,}" for name, size in found.sizes.items())
        + f"; {found.unplaced:,} in no split")  # fmt: skip
    say()
    table(rows, list(rows[0]))
    say()
    say("entries of the left split tied to the right one, and of the right to the left")
    _print_examples(found)
    _print_classes(found)
    not_checked = [kind for kind in found.kinds if checked(found, kind) == "not checked"]
    if not_checked:
        say()
        say("not checked, because no entry says or shows what it takes:")
        for kind in not_checked:
            say(f"  {kind}: {BY_NAME[kind].needs}")
    say()
    say(result(found))


def _print_examples(found: Lint) -> None:
    locators = found.ties.entries["locator"]
    place = {one: i for i, one in enumerate(found.ties.ids.to_pylist())} if found.leaks else {}
    for leak in found.leaks:
        say()
        say(f"{leak.kind}, {leak.left} and {leak.right}: {leak.groups:,} groups")
        for name, one, other in leak.examples:
            left, right = (printable(locators[place[i]].as_py()) for i in (one, other))
            shown = "" if name == one or " and " in name else f"  ({printable(name)})"
            say(f"  {left}  |  {right}{shown}")


def _print_classes(found: Lint) -> None:
    told = []
    for row in found.classes.inside:
        how = "is equal to" if row["equal"] else "lies inside"
        told.append(f"{row['inner_split']} {how} {row['outer_split']}: {row['entries']:,} entries")
    for row in found.classes.vanished:
        told.append(f"{row['dataset']}: the folder {printable(row['folder'])} is in no split: "
                    f"{row['entries']:,} entries")  # fmt: skip
    for row in found.classes.partial:
        where = ", ".join(row["present"]) or "no split"
        told.append(f"{row['dataset']}: {row['sort']} {printable(row['class'])} is in {where} "
                    f"alone: {row['entries']:,} entries")  # fmt: skip
    for row in found.classes.inverted:
        most = 2 * row["contradicted"] > row["labelled"]
        told.append(f"{row['dataset']}: {row['contradicted']:,} of {row['labelled']:,} labels "
                    "contradict what was done to the media"
                    + ("; real and fake are swapped" if most else ""))  # fmt: skip
    if told:
        say()
    for line in told:
        say(line)
