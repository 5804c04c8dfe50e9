"""Probe one file: every fact a machine can read of it in one pass.

Each byte is read once, hashed on the way, and the picture is decoded once. A large JPEG is
decoded as luma at the smallest scale that serves every measure: pHash and dHash then lie
within 2 bits of imagehash's and PDQ within 10 of the reference. `exact` decodes it whole, as
all else always is: pHash and dHash equal imagehash's, and the pixel digest covers pixels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curate.media import animation, jpeg
from curate.media.container import can_read_videos
from curate.media.decode import decode, decoder_version, hides_pixels, to_8bit, upright
from curate.media.exif import Exif, parse_exif
from curate.media.frames import frame_method, probe_frames
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.listed import of_blocks, of_looks
from curate.media.looks import further_looks
from curate.media.measures import coded_digest, pixel_digest, tone
from curate.media.open import opened_media
from curate.media.pages import pictures_behind
from curate.media.part import Part
from curate.media.parts import find_parts
from curate.media.pdq import pdq
from curate.media.phash import hashes
from curate.media.streams import container_parts
from curate.media.thumbnail import hidden_bytes, thumbnail_distance
from curate.media.turbo import (
    check_jpeg,
    decode_jpeg,
    decode_whole_jpeg,
    luma_scale,
    release_scratch,
    scratch,
)
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from curate.media.decode import Decoded
    from curate.media.open import FileBytes
    from curate.media.parts import Parts
    from curate.media.sniff import Format

PROBE_VERSION = "probe/6"

Row = dict[str, object]

_TIMINGS = {
    "GIF": animation.gif_timing,
    "WEBP": animation.webp_timing,
    "PNG": animation.png_timing,
    "TIFF": animation.tiff_timing,
}


@dataclass(slots=True)
class _Luma:
    """Upright luma for hashing, and how it came about."""

    grey: npt.NDArray[np.uint8]
    colour: npt.NDArray[np.uint8]
    """The same with its colours, where they were decoded, else `grey` itself."""
    size: tuple[int, int]
    scale: int
    decoder: str
    whole: bool
    """Whether colours were decoded and turned to luma, as Pillow and imagehash do."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found."""

    content: Row
    """One row of table ``content``, with every column of the schema."""
    frames: list[Row]
    """Rows of table ``frames``: none for a still picture, nor for a video without PyAV."""
    parts: list[Row]
    """Rows of table ``parts``."""


def probe_file(
    path: Path, *, exact: bool = False, limits: Limits | None = None, root: Path | None = None
) -> Row:
    """Return the row of table ``content`` alone. See `probe_media`."""
    return probe_media(path, exact=exact, limits=limits, root=root).content


def probe_media(
    path: Path,
    *,
    exact: bool = False,
    limits: Limits | None = None,
    root: Path | None = None,
    listed: Callable[[Mapping[str, str]], bool] | None = None,
) -> Probed:
    """Return everything that a machine can read of the file at `path` in one pass.

    Args:
        path: The file. Its name decides nothing but where it lies.
        exact: Decode JPEGs whole instead of scaled luma.
        limits: What the file may cost.
        root: The media root that links must not leave; by default the file's folder.
        listed: Tells by the digests of the bytes, lowercase hex by name of the kind of hash,
            what must not be decoded.

    Returns:
        Facts of the content, and frames of a video or animation. Where PyAV is not installed,
        of a video only what its bytes and first bytes say: ``frames_read`` is null.

    Raises:
        UnreadableError: The file cannot be read as media, with its digests when its bytes
            could be read.
    """
    limits = limits or Limits()
    with opened_media(path, root=root, limits=limits) as (content, descriptor):
        try:
            if listed is not None:
                _refuse_listed(listed, content)
            parts: list[Part] = []
            row = {**_blank(), **_byte_facts(content)}
            row |= _picture_facts(content, exact, limits, parts)
            moving, frames = _moving_facts(content, descriptor, row, limits, parts)
        except UnreadableError as error:
            raise _with_digests(error, content) from error.__cause__
        except MemoryError as error:
            problem = UnreadableError(Reason.MEMORY, "not enough memory for the picture")
            raise _with_digests(problem, content) from error
        finally:
            release_scratch()
    row |= {**moving, "part_count": len(parts)}
    return Probed(row, frames, [part.row(content.sha256, PROBE_VERSION) for part in parts])


def _moving_facts(
    content: FileBytes, descriptor: int, row: Row, limits: Limits, parts: list[Part]
) -> tuple[Row, list[Row]]:
    """Return what the frames of a video or animation say of it, and their rows."""
    if row["kind"] != "video":
        return {}, []
    video = row["width"] is None
    if video and not can_read_videos():
        return {}, []
    facts, frames, shown = probe_frames(content, descriptor, limits)
    if shown is not None and content.format is not None:
        beside, missing = container_parts(descriptor, content.format, shown, facts)
        parts += beside
        facts |= dict.fromkeys(_OF_ALL) | {"frames_read": "part"} if missing else {}
    count = row["frame_count"] if row["frame_count"] is not None else facts.get("frame_count")
    assert count is None or isinstance(count, int)
    parts.append(Part("the frames", "frames", "sought", pictures=count))
    facts |= {"hash_method": frame_method("av")} if video else {}
    return facts, [{**frame, "probe_version": PROBE_VERSION} for frame in frames]


# What is not known of a video of which the end is missing.
_OF_ALL = ("frame_count", "duration_ms", "video_bitrate", "fps", "fps_variable", "gop_frames")


def _refuse_listed(listed: Callable[[Mapping[str, str]], bool], content: FileBytes) -> None:
    if listed(content.digests):
        raise UnreadableError(Reason.LISTED, "its bytes are on a list: it was not decoded")


def _with_digests(error: UnreadableError, content: FileBytes) -> UnreadableError:
    return UnreadableError(
        error.reason_code,
        error.detail,
        digests=content.digests,
        byte_size=content.byte_size,
    )


def _blank() -> Row:
    from curate.schema import arrow_schema

    return dict.fromkeys(arrow_schema("content").names)


def _byte_facts(content: FileBytes) -> Row:
    if content.format is None:
        raise UnreadableError(Reason.NOT_MEDIA, _what(content.data))
    if not content.format.readable:
        detail = f"{content.format.name} is not read, nor what it says of its use"
        raise UnreadableError(Reason.UNSUPPORTED, detail)
    return {
        **content.digests,
        "byte_size": content.byte_size,
        "kind": content.format.kind,
        "format": content.format.name,
        "mime": content.format.mime,
        "probe_version": PROBE_VERSION,
    }


def _what(head: bytes) -> str:
    """Say what a file looks like that is no media."""
    if head.startswith((b"PK\x03\x04", b"Rar!", b"\x1f\x8b", b"7z\xbc\xaf")):
        return "an archive"
    if head.startswith(b"%PDF"):
        return "a PDF document"
    text = re.fullmatch(rb"[\t\n\r\x20-\x7e\x80-\xff]+", head[:256])
    return "text" if text else "no known picture or video format"


def _picture_facts(
    content: FileBytes,
    exact: bool,  # noqa: FBT001
    limits: Limits,
    parts: list[Part],
) -> Row:
    found = content.format
    if found is None or found.kind == "video":
        return {}
    if found.name == "JPEG":
        return _jpeg_facts(content.data, found, parts, exact=exact, limits=limits)
    return _other_facts(content.data, found, limits, parts)


def _jpeg_facts(
    data: bytes, found: Format, listed: list[Part], *, exact: bool, limits: Limits
) -> Row:
    facts = jpeg.parse_jpeg(data)
    exif = parse_exif(facts.exif) if facts.exif else Exif()
    scale = None if exact else luma_scale(facts.width, facts.height)
    row: Row = {}
    luma, decoded = None, None
    if scale is not None:
        row, luma = _luma_only(data, facts, scale, exif.orientation, limits)
    if luma is None:
        row, luma, decoded = _full(data, found, limits, facts)
    row |= _marker_facts(data, facts) | _luma_facts(luma)
    looks = further_looks(data, found, limits, facts=facts, first=decoded)
    listed += of_looks(looks, behind="taken_out")
    row |= _part_facts(find_parts(data, found.name, facts), row, luma, exif.orientation,
                       _behind_jpeg(data, facts), listed, found.name)  # fmt: skip
    return row


def _behind_jpeg(data: bytes, facts: jpeg.JpegFacts) -> bytes | None:
    """Return the bytes behind a JPEG that belong to no further picture."""
    if facts.end is None or facts.end == len(data):
        return b"" if facts.end else None
    left, at = [], facts.end
    for begin, end in pictures_behind(data, facts):
        left.append(data[at:begin])
        at = max(at, end)
    return b"".join((*left, data[at:]))


def _luma_only(
    data: bytes, facts: jpeg.JpegFacts, scale: int, orientation: int | None, limits: Limits
) -> tuple[Row, _Luma | None]:
    """Decode the luma of a JPEG at 1/`scale`: its facts, and None where that cannot be."""
    check_jpeg(facts, limits)
    buffer = scratch(facts.width * facts.height)
    raw = decode_jpeg(data, facts, limits, colour=False, scale=scale, buffer=buffer)
    if raw is None:
        return {}, None
    size = (facts.width, facts.height)
    if orientation is not None and orientation >= 5:
        size = size[::-1]
    grey = upright(raw, orientation)
    row: Row = {
        "pixel_digest": coded_digest(data, facts, orientation),
        "pixel_digest_basis": "coded",
        "exif_orientation": orientation,
        "mode": "L" if len(facts.sampling) == 1 else "RGB",
        "bit_depth": facts.precision,
        "hidden_pixels": False,
        "frame_count": 1,
    }
    return row, _Luma(grey, grey, size, scale, decoder_version("simplejpeg"), whole=False)


def _marker_facts(data: bytes, facts: jpeg.JpegFacts) -> Row:
    return {
        "jpeg_quality": facts.quality,
        "jpeg_qtable_digest": facts.qtable_digest if facts.tables else None,
        "jpeg_subsampling": facts.subsampling,
        "jpeg_progressive": facts.progressive,
        "jpeg_restart": facts.restart_interval > 0,
        "has_exif": facts.exif is not None,
        "has_icc": facts.has_icc,
        "trailing_bytes": len(data) - facts.end if facts.end else None,
    }


def _other_facts(data: bytes, found: Format, limits: Limits, listed: list[Part]) -> Row:
    row, luma, decoded = _full(data, found, limits)
    count = _TIMINGS.get(found.name)
    if count is not None:
        timing = count(data, max_frames=limits.max_frames)
        row["frame_count"], row["duration_ms"] = timing.frame_count, timing.duration_ms
        row["trailing_bytes"] = None if timing.end is None else len(data) - timing.end
    pages = row["frame_count"]
    assert isinstance(pages, int)
    if pages > 1 and found.name != "TIFF":
        row["kind"] = "video"
        if not row["hidden_pixels"] and _may_be_transparent(data, found):
            row["hidden_pixels"] = None
    row |= _luma_facts(luma)
    orientation = row["exif_orientation"]
    assert orientation is None or isinstance(orientation, int)
    if row.get("kind") != "video":
        looks = further_looks(data, found, limits, first=decoded)
        listed += of_looks(looks, behind="kept")
    elif row["hidden_pixels"] is not False:
        listed.append(Part("the frames without their transparency", "reading", "not",
                           detail="what transparency hides in them was not looked at"))  # fmt: skip
    parts = find_parts(data, found.name)
    end = row.get("trailing_bytes")
    end = parts.tail if end is None else end
    assert end is None or isinstance(end, int)
    tail = None if end is None else data[len(data) - end :]
    return row | _part_facts(parts, row, luma, orientation, tail, listed, found.name)


def _may_be_transparent(data: bytes, found: Format) -> bool:
    """Return whether frames behind the first may hide pixels, which are not looked through."""
    if found.name == "PNG":
        return bool(data[25] & 4) or b"tRNS" in data
    return found.name == "WEBP" and bool(data[20] & 0x10)


def _part_facts(
    parts: Parts,
    row: Row,
    luma: _Luma,
    orientation: int | None,
    tail: bytes | None,
    listed: list[Part],
    format_name: str,
) -> Row:
    """Return what else stands in the file, and how far the farthest preview is from the picture.

    A preview that cannot be decoded is a part that nothing read, and so is what it hides itself.
    """
    own = row["phash"]
    assert isinstance(own, bytes)
    farthest = None
    previews: list[tuple[str, int, int | None]] = []
    for name, preview in parts.previews:
        distance = thumbnail_distance(preview, own, size=luma.size, orientation=orientation)
        previews.append((name, len(preview), distance))
        parts.kept = f"a preview in {name}" in parts.stay
        if distance is None:
            parts.miss(f"a preview in {name}", len(preview))
        else:
            parts.miss(f"a preview in {name}", hidden_bytes(preview))
            farthest = max(distance, farthest or 0)
    listed += of_blocks(parts, previews, format_name=format_name, tail=tail)
    return {**parts.facts(), "thumbnail_distance": farthest}


def _full(
    data: bytes, found: Format, limits: Limits, facts: jpeg.JpegFacts | None = None
) -> tuple[Row, _Luma, Decoded]:
    """Decode the whole picture: its facts, its luma, and itself."""
    decoded, package = _decoded(data, found, limits, facts)
    colour = to_8bit(decoded)
    grey = colour if colour.ndim == 2 else default_kernels().luma(colour)
    height, width = grey.shape
    row: Row = {
        "pixel_digest": pixel_digest(decoded),
        "pixel_digest_basis": "pixels",
        "exif_orientation": decoded.orientation,
        "mode": decoded.stored_mode,
        "bit_depth": decoded.bit_depth,
        "hidden_pixels": hides_pixels(decoded),
        "frame_count": decoded.page_count,
        "has_exif": decoded.exif is not None,
        "has_icc": decoded.has_icc,
    }
    version = decoder_version(package)
    return row, _Luma(grey, colour, (width, height), 1, version, whole=True), decoded


def _decoded(
    data: bytes, found: Format, limits: Limits, facts: jpeg.JpegFacts | None
) -> tuple[Decoded, str]:
    """Decode the whole picture; return it and the package that did."""
    if facts is not None:
        check_jpeg(facts, limits)
        buffer = scratch(3 * facts.width * facts.height)
        whole = decode_whole_jpeg(data, facts, limits, buffer=buffer)
        if whole is not None:
            return whole, "simplejpeg"
    return decode(data, found, limits), "pillow-heif" if found.name == "HEIF" else "pillow"


def _luma_facts(luma: _Luma) -> Row:
    """Return every measure of the picture's luma."""
    kernels = default_kernels()
    given = (luma.grey, luma.size, luma.scale, kernels)
    hashed = pdq(luma.colour, *given[1:])
    phash, dhash = hashes(*given, exact=luma.whole)
    measured = tone(*given)
    return {
        "width": luma.size[0],
        "height": luma.size[1],
        "phash": phash,
        "dhash": dhash,
        "pdq": hashed.hash if hashed else None,
        "pdq_quality": hashed.quality if hashed else None,
        "pdq_dihedral": hashed.dihedral if hashed else None,
        "sharpness": measured.sharpness,
        "brightness": measured.brightness,
        "contrast": measured.contrast,
        "hash_method": (
            f"phash,dhash=imagehash-4.3/pillow-13-lanczos pdq=banded-1 kernels={kernels.name} "
            f"decode={luma.decoder}/{'colour' if luma.whole else 'luma'}/{luma.scale}"
        ),
    }
