"""Viewing: FiftyOne's App on this machine alone, with our operators, for as long as one looks.

A review has a folder, a database and a server of its own, and all go when it ends. Decisions are
in the workspace's ledger before the App says so: nothing that is lost here was decided.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import DependencyError
from curate.review.viewer import ADDRESS, settings
from curate.viewing import desk
from curate.viewing.keys import KEYS
from curate.viewing.processes import check_port, start_database, start_server, stop

if TYPE_CHECKING:
    from curate.verbs.context import Context

_PREFIX = "curate-review-"
_PLUGIN = Path(__file__).parent / "plugin"


@dataclass(frozen=True)
class Review:
    """A review that is open.

    Attributes:
        address: What to open in a browser.
        samples: How many entries it shows.
        blurred: How many of them blurred.
        server: The App's server.
        database: Its database.
    """

    address: str
    samples: int
    blurred: int
    server: subprocess.Popen[bytes]
    database: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until the review is ended from elsewhere.

        Raises:
            DependencyError: Its server or database ended by itself.
        """
        while self.server.poll() is None:
            if self.database.poll() is not None:
                break
            try:
                self.server.wait(1)
            except subprocess.TimeoutExpired:
                continue
        raise DependencyError(
            "FiftyOne ended by itself", hint="what was decided is on record; open the review again"
        )


@contextmanager
def opened(context: Context, use: str, *, port: int, reviewer: str = "") -> Iterator[Review]:
    """Open the last audit of a use in FiftyOne.

    Args:
        context: The workspace.
        use: The use that was judged for.
        port: Where the App listens, on this machine alone.
        reviewer: Who decides there; the App asks when empty.

    Raises:
        InputError: No audit has run yet, or the port is taken.
        DependencyError: FiftyOne, or its database, cannot be had.
    """
    from curate.verbs.review import load_viewer

    audited = context.latest_audit(use=use)
    check_port(port)
    sweep(Path(tempfile.gettempdir()))
    # Pictures and names lie there while somebody looks, for this user alone.
    kept = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    running: list[subprocess.Popen[bytes]] = []
    try:
        plugin = shutil.copytree(_PLUGIN, kept / "plugins" / "curate")
        (plugin / "keys.json").write_text(json.dumps(KEYS), encoding="utf-8")
        database, uri = start_database(kept / "database")
        running.append(database)
        environment = settings(kept, uri)
        os.environ.update(environment)
        with redirect_stdout(sys.stderr):
            loaded = load_viewer(context, kept, use)
        environment |= {
            desk.WORKSPACE: str(context.workspace.root), desk.USE: use,
            desk.AUDIT: audited.run_id, desk.REVIEWER: reviewer,
            desk.FOLDER: str(kept / "clear"),
        }  # fmt: skip
        server = start_server(port, environment, kept / "server.log")
        running.append(server)
        address = f"http://{ADDRESS}:{port}/datasets/{loaded.dataset.name}"
        yield Review(address, loaded.samples, loaded.blurred, server, database)
    finally:
        for process in reversed(running):
            # Neither has anything to lose; the server would wait for browsers that look.
            stop(process, patience_s=1)
        shutil.rmtree(kept, ignore_errors=True)


def sweep(folder: Path) -> list[Path]:
    """Remove what reviews of this user left in `folder` that were killed; return what that was."""
    left = [
        place for place in sorted(folder.glob(f"{_PREFIX}*-*"))
        if (pid := place.name.removeprefix(_PREFIX).partition("-")[0]).isdigit()
        and not Path("/proc", pid).exists()
        and place.stat(follow_symlinks=False).st_uid == os.getuid()
    ]  # fmt: skip
    for place in left:
        shutil.rmtree(place, ignore_errors=True)
    return left
