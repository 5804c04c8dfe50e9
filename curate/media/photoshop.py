"""Photoshop's image resources: blocks with a number, as JPEG, PNG and TIFF hold them.

Adobe Photoshop File Formats Specification, "Image Resource Blocks".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN = b"8BIM"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource.

    Attributes:
        kind: Its number.
        value: Its bytes, as far as they are there.
        whole: Whether all of them are.
        end: Where the next one begins.
    """

    kind: int
    value: bytes
    whole: bool
    end: int


def image_resources(block: bytes) -> Iterator[Resource]:
    """Yield the resources of a block, up to one whose header is cut short."""
    at = 0
    while block[at : at + 4] == _BEGIN and at + 12 <= len(block):
        (kind,) = struct.unpack_from(">H", block, at + 4)
        name = block[at + 6]
        start = at + 6 + name + 1 + (name + 1) % 2
        if start + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, start)
        value = block[start + 4 : start + 4 + size]
        at = start + 4 + size + size % 2
        yield Resource(kind, value, len(value) == size, at)
