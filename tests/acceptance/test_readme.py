"""The README's blocks do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from curate.demo import pictures
from curate.demo.dataset import SOURCES
from tests.acceptance.conftest import Curate

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _media(folder: Path) -> None:
    place = folder / "train" / "real"
    place.mkdir(parents=True)
    portrait, *_ = pictures.subjects().values()
    (place / "x.jpg").write_bytes(pictures.jpeg(portrait))
    (folder / "manifest.csv").write_text(
        "path,label,split,subject,source\ntrain/real/x.jpg,real,train,p01,studio\n",
        encoding="utf-8",
    )


def test_python_block_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verbs as calls, as they are written there."""
    pytest.importorskip("dlib", reason="the pictures of the demo need the extra curate[faces]")
    _media(tmp_path / "media")
    (block,) = _blocks("python")

    exec(compile(block, "README.md", "exec"), {"folder": tmp_path})

    assert capsys.readouterr().out.startswith("{'cleared': 0, 'needs_review': 0, 'blocked': 1}")


@pytest.mark.slow
def test_shell_block_runs(tmp_path: Path, curate_apart: Curate) -> None:
    """Every command of "Your own data", in its order."""
    pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")
    _media(tmp_path / "path" / "to" / "media")
    (tmp_path / "consents.csv").write_text(
        "subject,minor_at_capture,purposes,operations,roles,valid_from,valid_until\n"
        "p01,no,train-detector,include;train_detector,depicted,2024-01-01,2100-01-01\n",
        encoding="utf-8",
    )
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (block,) = (block for block in _blocks("sh") if block.startswith("curate init"))
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert len(lines) > 8

    for words in lines:
        # Of one picture no clip, swap or copy can be told: nothing leaks, and not all is known.
        curate_apart(*words[1:], status=3 if words[1:3] == ["split", "lint"] else 0)


def test_first_screen_names_the_two_commands() -> None:
    """Whoever opens the README sees how to start before anything else."""
    first = README.splitlines()[:12]

    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)
