"""`curate models`: which face models there are, which are in place, and fetching one on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import JsonOption
from curate.cli.output import note, say_json, table
from curate.errors import MissingModelError, VerificationError

if TYPE_CHECKING:
    from curate.faces.models import FileState, Model

app = typer.Typer(
    no_args_is_help=True,
    help="List, fetch and verify face models. Only `pull` reaches the network.",
)
NameArgument = Annotated[str, typer.Argument(help="The model, as `curate models list` calls it.")]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="Where the model's files are; its usual place when left out."),
]


@app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """List the models that curate can use, and whether their files are in place."""
    from curate.faces.models import MODELS

    rows = [_listed(model) for model in MODELS]
    if as_json:
        say_json(rows)
        return
    table(rows, ["model", "state", "licence", "how to get it"])


@app.command("pull")
def pull_command(
    name: NameArgument,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model from its official place, and keep it only if it is the one pinned.

    Raises:
        UnknownNameError: There is no such model.
        DependencyError: It has no official place, or that cannot be reached.
        VerificationError: What is there, or in the folder, is another file.
    """
    from curate.faces.models import known_model, model_home, pull_model

    model = known_model(name)
    note(f"licence of {model.name}: {model.licence}")
    _show(model, pull_model(model, folder or model_home()), as_json=as_json)


@app.command("verify")
def verify_command(
    name: NameArgument,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a model's files with the digests pinned: 3 where one is missing, 4 where changed.

    Raises:
        UnknownNameError: There is no such model.
        MissingModelError: A file is not in place, or no digest of the model is pinned.
        VerificationError: A file is not the one pinned.
    """
    from curate.faces.models import check_model, known_model, usual_folder

    model = known_model(name)
    if not model.files:
        raise MissingModelError(f"no digest of {model.name} is pinned here", hint=model.note)
    place = folder or usual_folder(model)
    states = check_model(model, place)
    _show(model, states, as_json=as_json)
    changed = [one for one in states if one.state == "changed"]
    if changed:
        raise VerificationError(
            "the file is not the one pinned",
            where=str(changed[0].path),
            hint=f"remove it, then: {model.note}",
        )
    missing = [one.file.name for one in states if one.state == "missing"]
    if missing:
        raise MissingModelError(f"no {', '.join(missing)}", where=str(place), hint=model.note)


def _listed(model: Model) -> dict[str, Any]:
    return {
        "model": model.name,
        "state": _state(model),
        "licence": model.licence,
        "how to get it": model.note,
        "files": [{"name": f.name, "sha256": f.sha256, "place": f.url} for f in model.files],
    }


def _state(model: Model) -> str:
    from curate.faces.models import check_model, usual_folder

    if not model.files:
        return "your own"
    try:
        states = {one.state for one in check_model(model, usual_folder(model))}
    except MissingModelError:
        return "missing"
    return next(state for state in ("changed", "missing", "good") if state in states)


def _show(model: Model, states: list[FileState], *, as_json: bool) -> None:
    rows = [
        {"model": model.name, "file": s.file.name, "state": s.state, "path": str(s.path)}
        for s in states
    ]
    if as_json:
        say_json(rows)
        return
    table(rows, ["file", "state", "path"])
