"""Write the folder of hostile files: ``python -m tests.hostile FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.hostile import build

if __name__ == "__main__":
    outcomes = build(Path(sys.argv[1]))
    sys.stdout.write(f"{len(outcomes)} hostile files in {Path(sys.argv[1]) / 'media'}\n")
