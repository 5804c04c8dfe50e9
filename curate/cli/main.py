"""The command `curate`: registers the commands and turns errors into words and statuses."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from curate.cli import (
    audit,
    consent,
    decide,
    demo,
    doctor,
    explain,
    fingerprint,
    identify,
    ingest,
    init,
    keys,
    lists,
    match,
    migrate,
    models,
    release,
    report,
    requests,
    review,
    seal,
    set_aside,
    split,
    status,
    subjects,
    vault,
)
from curate.cli import run as run_command
from curate.cli.output import note, print_error
from curate.errors import (
    CurateError,
    ExitStatus,
    InputError,
    InvariantError,
    printable,
    storage_error,
)
from curate.version import TOOL

app = typer.Typer(
    name="curate",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Curate and audit datasets of face media for training deepfake detectors.",
    epilog="Exit status: 0 good, 1 the audit found something, 2 wrong input, 3 something is "
    "missing, 4 verification failed, 70 a bug, 130 interrupted.",
)
app.command("init")(init.command)
app.command("demo")(demo.command)
app.command("ingest")(ingest.command)
app.add_typer(consent.app, name="consent")
app.add_typer(subjects.app, name="subjects")
app.command("run")(run_command.command)
app.add_typer(identify.app, name="identify")
app.command("audit")(audit.command)
app.command("explain")(explain.command)
app.command("decide")(decide.command)
app.add_typer(report.app, name="report")
app.add_typer(review.app, name="review")
app.add_typer(release.app, name="release")
app.add_typer(models.app, name="models")
app.add_typer(split.app, name="split")
app.add_typer(vault.app, name="vault")
app.add_typer(keys.app, name="keys")
app.add_typer(lists.app, name="lists")
app.command("match")(match.command)
app.add_typer(fingerprint.app, name="fingerprint")
app.add_typer(seal.app, name="seal")
app.add_typer(requests.app, name="requests")
app.command("set-aside")(set_aside.command)
app.command("status")(status.command)
app.command("migrate")(migrate.command)
app.command("doctor")(doctor.command)


def _tell_users(commands: typer.Typer) -> None:
    """Cut from each command's help the errors that a docstring lists for programmers."""
    for one in commands.registered_commands:
        text = inspect.getdoc(one.callback) if one.help is None else one.help
        one.help = (text or "").split("Raises:\n")[0].strip()
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _tell_users(group.typer_instance)


_tell_users(app)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(TOOL)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001 - the callback prints it
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show where in the code an error arose.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    _state["traceback"] = traceback


_state = {"traceback": False}


def run() -> NoReturn:
    """Run the command line and leave with its exit status."""
    sys.exit(main(sys.argv[1:]))


@cache
def _commands(name: str = "") -> Callable[..., Any]:
    """Return one command or group, or all where none is called so.

    Reading the options of all of them takes a third of a second.
    """
    some = copy(app)
    some.registered_commands = [one for one in app.registered_commands if one.name == name]
    some.registered_groups = [one for one in app.registered_groups if one.name == name]
    known = some.registered_commands or some.registered_groups
    return typer.main.get_command(some if known else app)


def _refuse_what_is_no_text(arguments: list[str]) -> None:
    """Refuse arguments that are not UTF-8, but for names of files that are there.

    Raises:
        InputError: One is no text.
    """
    for argument in arguments:
        value = argument.partition("=")[2] if argument.startswith("--") else argument
        try:
            argument.encode()
        except UnicodeEncodeError:
            if not value or not os.path.lexists(value):
                raise InputError(
                    "an argument is not UTF-8 text, and no file that is there is called so",
                    where=argument.encode("utf-8", "backslashreplace").decode(),
                    hint="check the spelling, and the encoding of the terminal or script; nothing "
                    "was recorded",
                ) from None


def _tell(error: Exception) -> int:
    """Print what no verb expected, a full disk, a damaged table or a bug; return a status."""
    from curate.catalog.damage import as_ours

    ours = storage_error(error) if isinstance(error, OSError) else as_ours(error)
    if ours is None:
        note(f"E700 {printable(repr(error))}\n  hint: {InvariantError.default_hint}")
        return ExitStatus.BUG
    print_error(ours)
    return ours.exit_status


def main(arguments: list[str]) -> int:
    """Run the command line on `arguments` and return its exit status."""
    try:
        _refuse_what_is_no_text(arguments)
        asked = next((one for one in arguments if not one.startswith("-")), "")
        outcome = _commands(asked)(args=arguments, standalone_mode=False)
    except CurateError as error:
        if _state["traceback"]:
            raise
        print_error(error)
        return error.exit_status
    except (KeyboardInterrupt, typer.Abort) as stop:
        # A "no" to a question arrives as the same exception as an interruption, without a cause.
        if isinstance(stop, KeyboardInterrupt) or isinstance(stop.__cause__, KeyboardInterrupt):
            note("interrupted; what was finished is kept, and the same command goes on from there")
        else:
            note("nothing was changed")
        return ExitStatus.INTERRUPTED
    except TyperException as error:
        note(f"{error.format_message()}\n  hint: see `curate --help`")
        return ExitStatus.USAGE
    except BrokenPipeError:
        # The reader went away, as `head` does: nothing is wrong.
        sys.stderr.close()
        return ExitStatus.GOOD
    except Exception as error:
        if _state["traceback"]:
            raise
        return _tell(error)
    return outcome if isinstance(outcome, int) else ExitStatus.GOOD
