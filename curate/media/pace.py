"""How far apart a video's frames are shown, and whether always as far."""

from __future__ import annotations

from collections import Counter

# Clocks of containers are coarse: 30 frames a second are 33 and 34 ms apart in Matroska.
_STEADY = 0.1
_TICK_SECONDS = 1e-3


class Pace:
    """Counts the distances between frames, in whole microseconds."""

    def __init__(self) -> None:
        self._gaps: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Take the distance of the next two frames."""
        self._gaps[round(1e6 * seconds)] += 1

    @property
    def typical(self) -> float:
        """The commonest distance in seconds, of equal ones the least; 0 where there is none."""
        if not self._gaps:
            return 0.0
        return min(self._gaps, key=lambda gap: (-self._gaps[gap], gap)) / 1e6

    @property
    def steady(self) -> bool:
        """Whether all distances are the typical one, up to a tenth and a millisecond."""
        most = _STEADY * self.typical + _TICK_SECONDS
        return all(abs(gap / 1e6 - self.typical) <= most for gap in self._gaps)
