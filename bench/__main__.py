"""`python -m bench NAME [--quick]` runs one benchmark; without a name it lists them.

Each prints a table (ours, each peer, their ratio, the floor) and, as its last line, one JSON object
with the figures, the targets and whether they were met in that run.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the benchmarks there are: the modules here with a function `run`."""
    files = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return [name for name in files if "\ndef run(" in (FOLDER / f"{name}.py").read_text("utf-8")]


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named, or list them."""
    quick = "--quick" in arguments
    wanted = [argument for argument in arguments if argument != "--quick"]
    if len(wanted) != 1 or wanted[0].replace("-", "_") not in names():
        for name in names():
            summary = (import_module(f"bench.{name}").__doc__ or "").strip().splitlines()[0]
            print(f"{name.replace('_', '-'):<20} {summary}")
        return 0 if not wanted else 2
    figures = import_module(f"bench.{wanted[0].replace('-', '_')}").run(quick=quick)
    print(json.dumps(figures, sort_keys=True, default=str))
    return 0 if figures.get("met", True) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
