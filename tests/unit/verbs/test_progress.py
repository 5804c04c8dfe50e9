"""What is printed of how far a stage is, where there is no terminal."""

from __future__ import annotations

import re

import pytest

from curate.cli.output import _plain_progress, _rate


def test_rate_and_time_left_are_told_from_the_first_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = _plain_progress()
    for done in (0, 16, 17, 100):
        progress("faces", done, 100)

    first, second, last = capsys.readouterr().err.splitlines()
    assert (first, last) == ("faces: 0 of 100", "faces: 100 of 100")
    assert re.fullmatch(r"faces: 16 of 100, [\d,.]+ a second, about 1 second left", second)


@pytest.mark.parametrize(("speed", "text"), [(1234.5, "1,234.5 a second"), (0.5, "30.0 a minute")])
def test_few_items_are_counted_by_the_minute(speed: float, text: str) -> None:
    assert _rate(speed) == text
