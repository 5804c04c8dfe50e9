"""Which frames of a video are searched for faces, so that nobody passes between two of them.

Searched are a frame of each second, the first of each shot, the last, and in between one within 0.2
seconds of any change. A change is a square, half as wide as the smallest face that is looked for,
whose mean luma is another than in each of the frames that were searched lately: a face of that size
covers one such square whole, wherever it stands. So whoever is on screen for 0.2 seconds is on a
frame that is searched, and a frame like one that was searched has nobody new to see. Of the frames
within reach the one is taken that has changed most, which is where somebody who is there for less
is likeliest to be; where that one has changed all over, as in a flash, one that has not is taken
too.

Of animations every frame is searched that differs from those searched lately.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curate.media.animated import AnimationPicture
from curate.media.video import Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Squares = npt.NDArray[np.int16]

# For how long, in seconds, frames that have changed may go by without one that is searched.
WITHIN_SECONDS = 0.2
# Mean luma of a square: coding moves it by one or two of 255, a face that comes by far more.
CHANGED_LUMA = 6
# Frames this soon after the last one are taken only for much more change than later ones show, or
# steady motion would have every frame searched.
_SOON_SECONDS = 0.1
_MUCH_MORE = 2.0
_ROUNDING = 1e-6
# So many frames that were searched are kept to compare with: light that flickers between a few
# pictures shows nothing new.
_REMEMBERED = 8
# A frame of which more than this changed, as a share, is another picture; one of which less than
# this changed is the same, with something in it.
_ALL_OVER, _IN_PART = 0.5, 0.2
# So many frames wait at most; each holds a decoder's buffer.
_MOST_WAITING = 16

Shown = Picture | AnimationPicture


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame that is searched for faces.

    Attributes:
        picture: The frame.
        gap: For how long before it, in seconds, frames had changed and were not searched.
    """

    picture: Shown
    gap: float


@dataclass(slots=True)
class _Waiting:
    picture: Shown
    squares: Squares
    change: int
    """How many squares differ from the likest of the frames that were searched lately."""


def glances(
    pictures: Iterator[Shown], *, smallest: int, wanted: Collection[int] = (), every: bool = False
) -> Iterator[Glance]:
    """Yield the frames of a video or animation that are to be searched for faces, in order.

    Args:
        pictures: All its frames, in the order of display.
        smallest: The longer side of the smallest face that is looked for, in pixels.
        wanted: Numbers of frames that are searched in any case: the first of each shot.
        every: Whether all frames are searched that differ in any sample, as of an animation.
    """
    chooser = _Chooser(max(2, smallest // 2), every=every)
    for picture in pictures:
        yield from chooser.take(picture, must=picture.frame in wanted)
    yield from chooser.end()


class _Chooser:
    def __init__(self, side: int, *, every: bool) -> None:
        self._side = side
        self._every = every
        self._searched: deque[Squares] = deque(maxlen=_REMEMBERED)
        self._second = 0
        self._waiting: deque[_Waiting] = deque()
        self._last: Shown | None = None
        self._last_searched = -1

    def take(self, picture: Shown, *, must: bool) -> Iterator[Glance]:
        """Yield what is to be searched, now that this frame is known."""
        squares = self._squares(picture)
        step = picture.seconds - self._last.seconds if self._last else 0.0
        self._last = picture
        if not self._searched or must or picture.seconds >= self._second:
            yield from self._passed(squares)
            yield self._itself(picture)
            self._searched.append(squares)
            self._second = int(picture.seconds) + 1
            return
        change = self._news(squares)
        if not self._waiting and not change:
            return
        self._waiting.append(_Waiting(picture, squares, change))
        while self._waiting and self._due(picture, step):
            yield from self._search_best()

    def end(self) -> Iterator[Glance]:
        """Yield what is to be searched of the frames that still wait, and the last one."""
        if self._last is None:
            return
        if self._waiting:
            yield from self._search_best()
        if self._last.frame != self._last_searched:
            yield self._itself(self._last)

    def _due(self, picture: Shown, step: float) -> bool:
        """Return whether one must be taken now, lest the next frame come too late."""
        if self._every or len(self._waiting) >= _MOST_WAITING:
            return True
        first = self._waiting[0].picture.seconds
        return picture.seconds + step - first >= WITHIN_SECONDS - _ROUNDING

    def _itself(self, picture: Shown) -> Glance:
        gap = picture.seconds - self._waiting[0].picture.seconds if self._waiting else 0.0
        self._waiting.clear()
        self._last_searched = picture.frame
        return Glance(picture, gap)

    def _squares(self, picture: Shown) -> Squares:
        """Return the mean luma of squares; every sample where all that differ are searched."""
        if self._every:
            return picture.rgb().astype(np.int16)
        from PIL import Image

        grey = picture.grey()
        by = min(self._side, *grey.shape)
        return np.asarray(Image.fromarray(grey).reduce(by)).astype(np.int16)

    def _change(self, squares: Squares, others: Squares) -> int:
        """Return how many squares differ; all where the frames are of two sizes."""
        if squares.shape != others.shape:
            return squares.size
        least = 0 if self._every else CHANGED_LUMA
        return int((np.abs(squares - others) > least).sum())

    def _news(self, squares: Squares) -> int:
        """Return how many squares differ from the likest frame that was searched lately."""
        least, place = squares.size + 1, 0
        for number, searched in enumerate(self._searched):
            change = self._change(squares, searched)
            if change <= least:
                least, place = change, number
        # What comes again is remembered longest.
        likest = self._searched[place]
        del self._searched[place]
        self._searched.append(likest)
        return least

    def _search_best(self) -> Iterator[Glance]:
        best = self._best()
        chosen, size = [best], best.squares.size
        if best.change > _ALL_OVER * size:
            others = [one for one in self._waiting if 0 < one.change <= _IN_PART * size]
            chosen += [max(others, key=lambda one: one.change)] if others else []
        for one in sorted(chosen, key=lambda one: one.picture.frame):
            if any(one is waiting for waiting in self._waiting):
                yield self._search(one)

    def _best(self) -> _Waiting:
        first = self._waiting[0].picture.seconds
        late = [w for w in self._waiting if w.picture.seconds - first >= _SOON_SECONDS - _ROUNDING]
        best = max(late or self._waiting, key=lambda one: one.change)
        soonest = max(self._waiting, key=lambda one: one.change)
        return soonest if soonest.change > _MUCH_MORE * best.change else best

    def _passed(self, squares: Squares) -> Iterator[Glance]:
        """Yield what went by since the last frame and is like neither that nor the next one."""
        chosen: _Waiting | None = None
        most = 0
        for one in self._waiting:
            unlike = min(one.change, self._change(one.squares, squares))
            if unlike > most:
                chosen, most = one, unlike
        if chosen is not None:
            yield self._search(chosen)

    def _search(self, chosen: _Waiting) -> Glance:
        gap = chosen.picture.seconds - self._waiting[0].picture.seconds
        after = [one for one in self._waiting if one.picture.frame > chosen.picture.frame]
        self._searched.append(chosen.squares)
        self._last_searched = chosen.picture.frame
        self._waiting.clear()
        for one in after:
            one.change = min(one.change, self._change(one.squares, chosen.squares))
            if self._waiting or one.change:
                self._waiting.append(one)
        return Glance(chosen.picture, gap)
