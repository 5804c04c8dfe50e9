"""What is printed of how far a stage is, where there is no terminal."""

from __future__ import annotations

import re

import pytest

from curate.cli import output
from curate.cli.output import _plain_progress, _rate


@pytest.mark.parametrize(
    ("shortest", "rest"), [(0.0, r", [\d,.]+ a second, about 1 second left"), (60.0, "")]
)
def test_rate_and_time_left_are_told_where_there_is_anything_to_wait_for(
    shortest: float, rest: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_SHORTEST", shortest)
    progress = _plain_progress()
    for done in (0, 16, 17, 100):
        progress("faces", done, 100)

    first, second, last = capsys.readouterr().err.splitlines()
    assert (first, last) == ("faces: 0 of 100", "faces: 100 of 100")
    assert re.fullmatch(f"faces: 16 of 100{rest}", second)


@pytest.mark.parametrize(("speed", "text"), [(1234.5, "1,234.5 a second"), (0.5, "30.0 a minute")])
def test_few_items_are_counted_by_the_minute(speed: float, text: str) -> None:
    assert _rate(speed) == text
