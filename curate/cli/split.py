"""`curate split`: look for leaks between splits, and make splits that do not leak."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import split_lint
from curate.cli.options import JsonOption, WorkspaceOption
from curate.cli.output import open_context, say, say_json
from curate.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from curate.splits.assign import Plan

app = typer.Typer(help="Make splits that do not leak, and look for leaks in those there are.")

DEFAULT_TOPICS = ("identity", "source", "duplicate", "swap", "clip", "frames")


@app.callback(invoke_without_command=True)
def command(
    typer_context: typer.Context,
    ratios: Annotated[
        str, typer.Option(help="The share of each split, joined by commas.")
    ] = "0.8,0.1,0.1",
    names: Annotated[
        str | None, typer.Option(help="The names of the splits; the last one is for tests.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Make this many equal splits instead.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="What must not cross splits, joined by commas.")
    ] = ",".join(DEFAULT_TOPICS),
    seed: Annotated[int, typer.Option(help="Settles what is else left to chance.")] = 0,
    held_out_method: Annotated[
        list[str] | None, typer.Option(help="A method that only the last split may show.")
    ] = None,
    held_out_dataset: Annotated[
        list[str] | None, typer.Option(help="A dataset that only the last split may show.")
    ] = None,
    extend: Annotated[
        str | None,
        typer.Option(help="An assignment or a release to go on from: nothing of it moves."),
    ] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="Leave out what must go for the shares to be met.")
    ] = False,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How far a split may be from its share.")
    ] = 0.05,
    name: Annotated[
        str | None, typer.Option(help="What the assignment is called; `split` when left out.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make splits that do not leak; `curate split lint` looks at those there are.

    Exit 1 where the shares cannot be met: nothing is kept then.
    """
    if typer_context.invoked_subcommand is not None:
        return ExitStatus.GOOD
    from curate.cli.split_output import document, print_made
    from curate.verbs.split import split as make_splits

    plan = _plan(ratios, names, folds, by, seed, held_out_method or (), held_out_dataset or ())
    context = open_context(workspace)
    called = name if name is not None else extend or "split"
    made = make_splits(context, plan, name=called, extend=extend, cut=cut, tolerance=tolerance)
    chosen = made.chosen(cut=cut)
    kept = chosen.missed <= tolerance
    if as_json:
        say_json(document(made, cut=cut, kept=called if kept else None))
    else:
        print_made(made, cut=cut, tolerance=tolerance)
        if kept:
            say(f"kept as {called}: `curate split lint --assignment {called}` looks for leaks")
    return ExitStatus.GOOD if kept else ExitStatus.FINDINGS


def _plan(
    ratios: str,
    names: str | None,
    folds: int | None,
    by: str,
    seed: int,
    methods: Iterable[str],
    datasets: Iterable[str],
) -> Plan:
    from curate.splits.assign import Plan, check_plan
    from curate.splits.kinds import kinds_of

    methods, datasets = tuple(methods), tuple(datasets)
    kinds = kinds_of(by.split(","))
    if folds is not None:
        if methods or datasets:
            raise InputError("folds take turns in testing, so nothing is held out of one",
                             where="--folds")  # fmt: skip
        shares = (1 / folds,) * folds
        found = tuple(f"fold-{i}" for i in range(folds))
    else:
        try:
            shares = tuple(float(part) for part in ratios.split(","))
        except ValueError:
            raise InputError(f"{ratios!r} is no list of numbers", where="--ratios",
                             hint="for example 0.8,0.1,0.1") from None  # fmt: skip
        found = _names(names, len(shares))
    return check_plan(Plan(found, shares, kinds, seed, methods, datasets))


def _names(names: str | None, count: int) -> tuple[str, ...]:
    if names is not None:
        return tuple(part.strip() for part in names.split(","))
    usual = {1: ("all",), 2: ("train", "test"), 3: ("train", "val", "test")}
    return usual.get(count, tuple(f"split-{i}" for i in range(count)))


app.command("lint")(split_lint.lint_command)
app.command("verify")(split_lint.verify_command)
