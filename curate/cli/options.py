"""Options that every command has, so that they are spelled the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("-w", "--workspace", help="The workspace; found upwards from here when left out."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="Worker processes; 0 for one per processor.")
]
UseOption = Annotated[str, typer.Option("--use", help="A use profile of curate.toml.")]
