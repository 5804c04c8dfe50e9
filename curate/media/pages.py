"""The further pictures of a file: pages of TIFF, pictures behind a JPEG, and images of HEIF."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from curate.media.decode import check_size, decode, decoded_of
from curate.media.jpeg import parse_jpeg
from curate.media.samples import wide_samples
from curate.media.tiff import parse_tiff
from curate.media.unreadable import UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.decode import Decoded
    from curate.media.jpeg import JpegFacts
    from curate.media.limits import Limits
    from curate.media.part import Kind
    from curate.media.sniff import Format

# So many pictures behind a JPEG are found; what is more stays bytes behind its end.
_MOST_BEHIND = 64
# Of so many directories it is known where they are.
MOST_DIRECTORIES = 4096
_REDUCED, _SUBFILE = 1, 254
_MPF, _MP_ENTRIES = b"MPF\x00", 0xB002


@dataclass(frozen=True, slots=True)
class Page:
    """A further picture of a file.

    Attributes:
        name: What it is called.
        kind: What sort of part it is.
        decode: Decodes it; what it raises can be anything.
        source: A file that shows it, and the format, where there is one.
        wide: Returns its samples with all of their bits, as `wide_samples` does.
        preview: Whether the file says that it is the picture once more, and smaller.
    """

    name: str
    kind: Kind
    decode: Callable[[Limits], Decoded]
    source: tuple[bytes, Format] | None
    wide: Callable[[Decoded], npt.NDArray[Any] | None]
    preview: bool = False


def further_pages(data: bytes, found: Format, facts: JpegFacts | None = None) -> Iterator[Page]:
    """Yield the pictures of a file behind the one that is shown, in the order of the file.

    Args:
        data: The file.
        found: Its sniffed format.
        facts: Of a JPEG, its markers.
    """
    if facts is not None:
        for number, (begin, end) in enumerate(pictures_behind(data, facts), 2):
            yield _page(f"picture {number}", data[begin:end], found)
    elif found.name == "TIFF":
        yield from _tiff(data, found)
    elif found.name == "HEIF":
        yield from _heif(data, found)


def _page(name: str, data: bytes, found: Format, *, preview: bool = False) -> Page:
    return Page(
        name,
        "page",
        partial(decode, data, found),
        (data, found),
        partial(wide_samples, data, found),
        preview,
    )


def _tiff(data: bytes, found: Format) -> Iterator[Page]:
    tiff = parse_tiff(data, most=MOST_DIRECTORIES)
    for number, directory in enumerate(tiff.directories[1:], 2):
        reduced = bool(tiff.number(directory, _SUBFILE, 0) & _REDUCED)
        # Each is a copy of the file: it is made when it is asked for.
        whole = tiff.beginning_with(directory)
        yield _page(f"page {number}", whole, found, preview=reduced)


def pictures_behind(data: bytes, facts: JpegFacts) -> list[tuple[int, int]]:
    """Return where further JPEGs stand behind the end of one, in the order of the file.

    Those that its index names (CIPA DC-007: MPO, and gain maps), and what follows at once.
    """
    if facts.end is None or facts.end == len(data):
        return []
    found: dict[int, int] = {}
    for begin in dict.fromkeys([*_indexed(data, facts), facts.end]):
        at = begin
        while at >= facts.end and at not in found and len(found) < _MOST_BEHIND:
            end = _jpeg_end(data, at)
            if end is None:
                break
            found[at] = end
            at = end
    return sorted(found.items())


def _jpeg_end(data: bytes, at: int) -> int | None:
    if data[at : at + 3] != b"\xff\xd8\xff":
        return None
    try:
        end = parse_jpeg(data[at:]).end
    except (UnreadableError, IndexError):
        return None
    return None if end is None else at + end


def _indexed(data: bytes, facts: JpegFacts) -> Iterator[int]:
    """Yield where pictures begin by the index of a JPEG; whatever is wrong in it is left out."""
    for marker, begin, end in facts.segments:
        if marker != 0xE2 or data[begin : begin + 4] != _MPF:
            continue
        block = data[begin + 4 : end]
        index = parse_tiff(block, most=1)
        for directory in index.directories:
            entry = directory.tags.get(_MP_ENTRIES)
            rows = index.block(entry) if entry else b""
            for row in range(0, min(len(rows), 16 * _MOST_BEHIND) - 15, 16):
                (offset,) = struct.unpack_from(f"{index.order}I", rows, row + 8)
                if offset:
                    yield begin + 4 + offset


def _heif(data: bytes, found: Format) -> Iterator[Page]:
    """Yield HEIF's other images, and each image's depth maps, auxiliary images and thumbnails."""
    import pillow_heif

    images: Any = pillow_heif.open_heif(io.BytesIO(data))
    for place, image in enumerate(images):
        which = "the picture"
        if not image.info["primary"]:
            which = f"image {place + 1}"
            yield Page(which, "page", partial(_heif_decoded, image, data, found), None,
                       partial(_heif_wide, data, place))  # fmt: skip
        of = f"of {which}"
        for number, depth in enumerate(image.info.get("depth_images", []), 1):
            yield _aside(f"depth map {number} {of}", partial(_itself, depth), data, found)
        ids = [one for several in image.info.get("aux", {}).values() for one in several]
        for number, aux in enumerate(ids, 1):
            take = partial(image.get_aux_image, aux)
            yield _aside(f"auxiliary image {number} {of}", take, data, found)
        for number in range(len(image.info.get("thumbnails", []))):
            take = partial(image.get_thumbnail, number)
            yield _aside(f"thumbnail {number + 1} {of}", take, data, found, preview=True)


def _itself(made: Any) -> Any:
    return made


def _aside(
    name: str, take: Callable[[], Any], data: bytes, found: Format, *, preview: bool = False
) -> Page:
    def made(limits: Limits) -> Decoded:
        return _heif_decoded(take(), data, found, limits)

    return Page(name, "page", made, None, lambda _: None, preview)


def _heif_decoded(image: Any, data: bytes, found: Format, limits: Limits) -> Decoded:
    width, height = image.size
    check_size(width, height, limits)
    return decoded_of(image.to_pillow(), data, found)


def _heif_wide(data: bytes, place: int, decoded: Decoded) -> npt.NDArray[Any] | None:
    import numpy as np
    import pillow_heif

    if decoded.bit_depth <= 8:
        return None
    return np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)[place])
