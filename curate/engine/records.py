"""Records of runs: what was done with what, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from curate.catalog.tables import Catalog
from curate.errors import CurateError
from curate.schema import conform
from curate.version import __version__

Clock = Callable[[], datetime]


class recorded:  # noqa: N801 - a context manager reads as a verb
    """Keep a record of a run: running when it starts, then done or failed."""

    def __init__(
        self, catalog: Catalog, clock: Clock, verb: str, parameters: Mapping[str, Any]
    ) -> None:
        started = clock()
        self._catalog, self._clock = catalog, clock
        self.row: dict[str, Any] = {
            "run_id": f"{started:%Y%m%dT%H%M%S%fZ}-{verb.replace(' ', '-')}",
            "verb": verb,
            "started_at": started,
            "status": "running",
            "tool_version": __version__,
            "parameters": json.dumps(dict(parameters), sort_keys=True, default=str),
        }

    def __enter__(self) -> dict[str, Any]:
        self._keep()
        self.results: dict[str, Any] = {"run_id": self.row["run_id"]}
        return self.results

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for name, value in self.results.items():
            self.row[name] = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        self.row["ended_at"] = self._clock()
        self.row["status"] = "done" if error is None else "failed"
        if error is not None:
            self.row["error"] = str(error) if isinstance(error, CurateError) else repr(error)
        self._keep()

    def _keep(self) -> None:
        self._catalog.upsert("runs", conform([self.row], "runs"))
