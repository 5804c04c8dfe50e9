"""The two processes behind the App: a database of its own, and the server.

FiftyOne would join any database or server of the same user that already runs, and so show one
review in another's window. Both are therefore started here, on ports that nobody has, and end
with the process that started them, even when it is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from curate.errors import DependencyError, InputError
from curate.review.viewer import ADDRESS
from curate.verbs.doctor import find_mongod

_PATIENCE_S = 120.0
_HINT = "`curate doctor --for review` says what is missing and how to get it"
_GONE_AFTER_MS = 2000
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind((ADDRESS, 0))
        return int(found.getsockname()[1])


def check_port(port: int) -> None:
    """Check that nobody listens on a port.

    Raises:
        InputError: Somebody does; FiftyOne would show what they have open.
    """
    with socket.socket() as asked:
        if asked.connect_ex((ADDRESS, port)) == 0:
            raise InputError(f"port {port} is taken", hint="name another with --port")


def start_database(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a mongod whose files lie in `folder`; return it, and its address.

    Raises:
        DependencyError: There is none, or it does not start.
    """
    mongod = find_mongod()
    if mongod is None:
        raise DependencyError("no mongod can be had for FiftyOne", hint=_HINT)
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder.with_suffix(".log")
    command = [mongod, "--dbpath", str(folder), "--logpath", str(log), "--port", str(port),
               "--bind_ip", ADDRESS, "--nounixsocket",
               "--wiredTigerCacheSizeGB", "0.5"]  # fmt: skip
    process = _start(command, os.environ)
    _await(process, port, "mongod", log)
    # Once it is gone nobody waits for it long, FiftyOne at its end least of all.
    return process, f"mongodb://{ADDRESS}:{port}/?serverSelectionTimeoutMS={_GONE_AFTER_MS}"


def start_server(port: int, settings: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start the App's server, and return it once it answers.

    Args:
        port: Where it listens, on this machine alone.
        settings: Its environment, beside this process's own.
        log: Where it writes what it has to say.

    Raises:
        InputError: The port is taken.
        DependencyError: It does not start.
    """
    check_port(port)
    command = [sys.executable, "-m", "curate.viewing.server", str(port)]
    process = _start(command, {**os.environ, **settings}, log)
    _await(process, port, "FiftyOne's server", log)
    return process


def stop(process: subprocess.Popen[bytes], *, patience_s: float = 10) -> None:
    """End a process, kindly at first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(
    command: list[str], environment: Mapping[str, str], log: Path | None = None
) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    with Path(log or os.devnull).open("ab") as output:
        # A session of its own: Ctrl-C is for the command, which then ends them in order.
        return subprocess.Popen(  # noqa: S603 - our own commands
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509
        )  # fmt: skip


def _await(process: subprocess.Popen[bytes], port: int, what: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with socket.socket() as asked:
            if asked.connect_ex((ADDRESS, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    stop(process)
    said = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
    raise DependencyError(f"{what} does not start{': ' if said else ''}{''.join(said)[:300]}",
                          hint=_HINT)  # fmt: skip
