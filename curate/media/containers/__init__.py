"""The walk of a container of videos: is it whole, where does it end, and what does nothing read.

Each module walks one kind, just far enough to say so. Coded pictures and sound are stepped over,
and memory is bounded by tables of samples. A container that does not keep to its format is told
as one that is not understood, and never as one that is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.media.containers import (
    advanced,
    audiovideo,
    flash,
    iso,
    matroska,
    ogg,
    program,
    transport,
)
from curate.media.containers.layout import CutShortError, Layout, Source

if TYPE_CHECKING:
    from curate.media.sniff import Format

_WALKS = {
    "MP4": iso.walk,
    "Matroska": matroska.walk,
    "AVI": audiovideo.walk,
    "MPEG": program.walk,
    "MPEG-TS": transport.walk,
    "FLV": flash.walk,
    "ASF": advanced.walk,
    "Ogg": ogg.walk,
}


def read_layout(descriptor: int, found: Format) -> Layout:
    """Return how the container that `descriptor` is open on is laid out.

    Args:
        descriptor: The file; its position is not moved.
        found: The sniffed format.
    """
    layout = Layout()
    try:
        _WALKS[found.name](Source(descriptor), layout)
    except CutShortError:
        layout.cut("the file ends inside a header")
    except RecursionError:
        layout.unknown["the container"] = "it is nested too deeply"
    except (ValueError, IndexError, OverflowError) as error:
        layout.unknown["the container"] = f"it does not keep to its format: {error}"
    return layout
