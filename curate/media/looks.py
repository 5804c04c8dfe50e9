"""Every way in which programs show a still picture, so that faces are sought in each.

A file can show one thing here and another thing there: transparency that one program lays on white
and another drops, samples of 16 bits of which one takes the high byte and another the range that
is used, further pages, inks that are inverted or not, and orientations that contradict one another.
Number 0 is the picture as `load_rgb` shows it. The others are numbered on from 1 in a fixed order,
the pictures in the order of the file and the readings of each behind it. A reading is a look of its
own only where its pixels are further from those of the picture than by rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.media.colours import (
    apply_gamma,
    apply_profile,
    gamma_of_png,
    profile_of_jpeg,
    swaps_light,
)
from curate.media.decode import classified, decode, open_picture, picture_format, to_8bit
from curate.media.exif import parse_exif
from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.orientations import QUARTERS, stated_orientations, turned_by_boxes
from curate.media.pages import further_pages
from curate.media.phash import hashes
from curate.media.readings import (
    differ,
    is_blank,
    of_inks,
    of_palette_numbers,
    of_plane,
    of_transparency,
    of_wide_samples,
    rgb_of,
)
from curate.media.samples import left_out_plane, stored_colours, wide_samples
from curate.media.thumbnail import likeness
from curate.media.tiff import parse_tiff
from curate.media.turbo import decode_whole_jpeg
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.decode import Decoded
    from curate.media.jpeg import JpegFacts
    from curate.media.part import Kind
    from curate.media.part import Reading as PartReading
    from curate.media.readings import Reading
    from curate.media.sniff import Format

    Bytes8 = npt.NDArray[np.uint8]

# Looks of one file, and pixels of its further pictures as a multiple of the limit for one.
MOST_LOOKS = 64
_MOST_PICTURES = 4
# Further pictures that are opened: what shows nothing new is no look, and still costs time.
_MOST_PAGES = 256
# A preview that is no further from its picture shows what it shows.
SAME_BITS = 10
_PROFILED = "with its colour profile applied"
_SHOWS_THE_SAME = "it shows what the picture shows"
# Fewer pixels on a side have no room for a face that the smallest search finds.
_SMALLEST = 16
_WHITE_IS_ZERO, _PHOTOMETRIC, _EXTRA_SAMPLES = 0, 262, 338
_BITS_OF_BMP, _WITH_PLANE = 28, 32


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a file is shown."""

    name: str
    kind: Kind
    page: int
    """Of which picture of the file it is, from 0: looks of one picture lie on each other."""
    pixels: Bytes8 | None
    """Upright grey, shape (H, W), or sRGB, shape (H, W, 3); None where they could not be had."""
    number: int | None = None
    """Under which frame its faces are kept; None where faces are not sought in it."""
    reading: PartReading = "sought"
    """What is done with it."""
    detail: str | None = None
    """Why faces are not sought in it, without a full stop."""

    def rgb(self) -> Bytes8:
        """Return its pixels, shape (H, W, 3), contiguous and writable.

        Raises:
            UnreadableError: They could not be had.
        """
        if self.pixels is None:
            raise UnreadableError(Reason.CORRUPT, self.detail or "it was not decoded")
        return np.require(rgb_of(self.pixels), requirements=["C", "W"])


def looks(data: bytes, *, limits: Limits | None = None) -> Iterator[Look]:
    """Yield every look of a still picture.

    Args:
        data: The file.
        limits: What it may cost.

    Raises:
        UnreadableError: The picture itself cannot be read. What else cannot be is a look with
            an error.
    """
    limits = limits or Limits()
    found = picture_format(data)
    facts = parse_jpeg(data) if found.name == "JPEG" else None
    first = decode_whole_jpeg(data, facts, limits) if facts is not None else None
    first = first or decode(data, found, limits)
    shown = to_8bit(first)
    yield Look("the picture", "picture", 0, shown, 0)
    yield from further_looks(data, found, limits, facts=facts, first=first)


def further_looks(
    data: bytes,
    found: Format,
    limits: Limits,
    *,
    facts: JpegFacts | None = None,
    first: Decoded | None,
) -> Iterator[Look]:
    """Yield the looks of a still picture behind the first.

    Args:
        data: The file.
        found: Its sniffed format.
        limits: What it may cost.
        facts: Of a JPEG, its markers.
        first: The picture, decoded whole. None for a JPEG of one or three components of 8 bits,
            of which the picture itself has no other reading but in the way it stands; that look
            then comes without pixels.
    """
    numbers = count(1)
    for look in chain(
        _of_first(data, found, facts, first), _of_pages(data, found, facts, first, limits)
    ):
        # What could not be decoded keeps its number, so that those behind it keep theirs.
        number = next(numbers) if look.reading in {"sought", "not"} else None
        if number is not None and number > MOST_LOOKS:
            detail = f"the file shows more than {MOST_LOOKS} pictures"
            yield Look("the further pictures", "page", look.page, None, None, "not", detail)
            return
        yield replace(look, number=number) if look.reading == "sought" else look


def _of_pages(
    data: bytes,
    found: Format,
    facts: JpegFacts | None,
    first: Decoded | None,
    limits: Limits,
) -> Iterator[Look]:
    """Yield the further pictures of a file, and the other readings of each."""
    left, grey = _MOST_PICTURES * limits.max_pixels, None
    for page, one in enumerate(further_pages(data, found, facts), 1):
        if left <= 0 or page > _MOST_PAGES:
            detail = f"only the first {page} pictures of the file were looked at"
            yield Look("the further pictures", "page", page, None, None, "not", detail)
            return
        decoded = _tried(partial(one.decode, limits))
        if isinstance(decoded, UnreadableError):
            yield _failed(one.name, "page", page, decoded)
            continue
        shown = to_8bit(decoded)
        left -= shown.shape[0] * shown.shape[1]
        if one.preview and first is not None:
            grey = grey if grey is not None else _grey(to_8bit(first))
            if _same(_grey(shown), grey):
                yield Look(one.name, "preview", page, shown, None, "compared", _SHOWS_THE_SAME)
                continue
        if min(shown.shape[:2]) < _SMALLEST or is_blank(shown):
            yield Look(one.name, "page", page, shown, None, "compared",
                       "it has no room for a face, or a single colour")  # fmt: skip
        else:
            yield Look(one.name, "page", page, shown)
        yield from _readings(one.name, page, decoded, shown, one.source, one.wide)


def _failed(name: str, kind: Kind, page: int, error: UnreadableError) -> Look:
    detail = error.detail or str(error.reason_code)
    return Look(name, kind, page, None, None, "not", f"it cannot be decoded: {detail}")


def _tried(make: Callable[[], Any]) -> Any:
    """Return what `make` returns, or the reason why it could not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except UnreadableError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a decoder's complaint can be any
        return classified(error)


def _grey(pixels: Bytes8) -> Bytes8:
    return pixels if pixels.ndim == 2 else default_kernels().luma(pixels)


def _same(preview: Bytes8, picture: Bytes8) -> bool:
    height, width = picture.shape
    own = hashes(picture, (width, height), 1, default_kernels())[0]
    return likeness(preview, own, (width, height)) <= SAME_BITS


def _of_first(
    data: bytes, found: Format, facts: JpegFacts | None, first: Decoded | None
) -> Iterator[Look]:
    shown = None
    orientation = _shown_orientation(data, found, facts, first)
    if first is not None:
        shown = to_8bit(first)
        yield from _readings(
            "the picture", 0, first, shown, (data, found),
            lambda decoded: wide_samples(data, found, decoded),
        )  # fmt: skip
    elif facts is not None and facts.has_icc and swaps_light(profile_of_jpeg(data, facts)):
        yield Look(f"the picture, {_PROFILED}", "reading", 0, None)
    turned = set()
    for other in stated_orientations(data, found, facts):
        quarters = (QUARTERS[other] - QUARTERS[orientation]) % 4
        if quarters and quarters not in turned:
            turned.add(quarters)
            pixels = None if shown is None else np.ascontiguousarray(np.rot90(shown, -quarters))
            name = f"the picture turned by {90 * quarters} degrees as another place in it says"
            yield Look(name, "reading", 0, pixels)


def _shown_orientation(
    data: bytes, found: Format, facts: JpegFacts | None, first: Decoded | None
) -> int:
    """Return the orientation that the picture is shown in."""
    if found.name == "HEIF":
        return turned_by_boxes(data)
    if first is not None:
        return first.orientation or 1
    return (parse_exif(facts.exif).orientation or 1) if facts and facts.exif else 1


def _readings(
    of: str,
    page: int,
    decoded: Decoded,
    shown: Bytes8,
    source: tuple[bytes, Format] | None,
    wide: Callable[[Decoded], npt.NDArray[Any] | None],
) -> Iterator[Look]:
    """Yield the other readings of one picture that show something else than is shown."""
    last = shown
    names = set()
    for name, pixels in _others(decoded, shown, source, wide):
        if min(shown.shape[:2]) < _SMALLEST:
            return
        if isinstance(pixels, UnreadableError):
            yield _failed(f"{of}, {name}", "reading", page, pixels)
        elif name not in names and not is_blank(pixels) and differ(pixels, shown) and (
            last is shown or differ(pixels, last)
        ):  # fmt: skip
            last = pixels
            names.add(name)
            yield Look(f"{of}, {name}", "reading", page, pixels)


def _others(
    decoded: Decoded,
    shown: Bytes8,
    source: tuple[bytes, Format] | None,
    wide: Callable[[Decoded], npt.NDArray[Any] | None],
) -> Iterator[Reading | tuple[str, UnreadableError]]:
    layout = decoded.layout
    if layout in {"LA", "RGBA"}:
        yield from of_transparency(decoded.pixels)
    elif layout == "CMYK":
        yield from of_inks(decoded.pixels)
    if decoded.numbers is not None:
        yield from of_palette_numbers(decoded.numbers)
    if source is not None:
        yield from _of_file(decoded, shown, source)
    samples = _tried(lambda: wide(decoded))
    if isinstance(samples, UnreadableError):
        yield "in the lower bits of its samples", samples
    elif samples is not None:
        yield from _of_samples(samples, layout)


def _of_samples(samples: npt.NDArray[Any], layout: str) -> Iterator[Reading]:
    inks = layout == "CMYK"
    planes = samples.shape[2] if samples.ndim == 3 else 1
    if planes in (2, 4) and not inks:
        yield from of_wide_samples(samples[..., 0] if planes == 2 else samples[..., :3])
        for name, pixels in of_wide_samples(samples[..., -1]):
            yield f"its transparency {name}", pixels
    elif inks:
        for name, pixels in of_wide_samples(samples[..., :3]):
            yield name, 255 - pixels
        for name, pixels in of_wide_samples(samples[..., 3]):
            yield f"its black ink {name}", pixels
    else:
        yield from of_wide_samples(samples)


def _of_file(decoded: Decoded, shown: Bytes8, source: tuple[bytes, Format]) -> Iterator[Any]:
    """Yield readings for which the file is opened once more, which few kinds of picture need."""
    data, found = source
    if decoded.has_icc:
        pixels = _tried(partial(_profiled, decoded, shown, data, found))
        if pixels is not None:
            yield _PROFILED, pixels
    if found.name == "PNG" and (exponent := gamma_of_png(data)) is not None:
        yield "with its gamma applied", apply_gamma(shown, exponent)
    if found.name in {"TIFF", "BMP"}:
        yield from _of_planes(shown, data, found)


def _profiled(decoded: Decoded, shown: Bytes8, data: bytes, found: Format) -> Bytes8 | None:
    """Return the picture with its colour profile applied, where that makes another picture."""
    if found.name == "JPEG":
        profile = profile_of_jpeg(data, parse_jpeg(data))
    else:
        profile = open_picture(data, found).info.get("icc_profile") or b""
    if not swaps_light(profile):
        return None
    return apply_profile(decoded.pixels if decoded.layout == "CMYK" else shown, profile)


def _of_planes(shown: Bytes8, data: bytes, found: Format) -> Iterator[Any]:
    """Yield planes that nothing shows, colours that transparency took away, and a negative."""
    tiff = parse_tiff(data, most=1) if found.name == "TIFF" else None
    first = tiff.directories[0] if tiff and tiff.directories else None
    planes = (
        _EXTRA_SAMPLES in first.tags if first is not None else data[_BITS_OF_BMP] == _WITH_PLANE
    )
    for name, take in (
        ("with colours as stored under transparency", stored_colours),
        ("in the plane beside its colours", left_out_plane),
    ):
        pixels = _tried(partial(take, data, found)) if planes else None
        if isinstance(pixels, UnreadableError):
            yield name, pixels
        elif pixels is not None:
            yield from ([(name, pixels)] if take is stored_colours else of_plane(name, pixels))
    if tiff and first and tiff.number(first, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        yield "as a negative, as programs show it that take zero for black", 255 - shown
