"""Tell a file's format from its first bytes; its name is never asked.

A name that says otherwise is a fact to report, not an error: `extension_matches` compares.
Formats that are known but not read (for example PSD) are named, so that the reason for a
rejection can say what the file is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Format:
    """A format of media files."""

    name: str
    mime: str
    kind: Literal["image", "video"]
    extensions: tuple[str, ...]
    readable: bool = True


JPEG = Format("JPEG", "image/jpeg", "image", ("jpg", "jpeg", "jpe", "jfif", "mpo"))
PNG = Format("PNG", "image/png", "image", ("png", "apng"))
GIF = Format("GIF", "image/gif", "image", ("gif",))
WEBP = Format("WEBP", "image/webp", "image", ("webp",))
TIFF = Format("TIFF", "image/tiff", "image", ("tif", "tiff"))
BMP = Format("BMP", "image/bmp", "image", ("bmp", "dib"))
PPM = Format("PPM", "image/x-portable-anymap", "image", ("ppm", "pgm", "pbm", "pnm", "pfm"))
AVIF = Format("AVIF", "image/avif", "image", ("avif", "avifs"))
HEIF = Format("HEIF", "image/heif", "image", ("heic", "heif", "heics", "heifs", "hif"))

MP4 = Format("MP4", "video/mp4", "video", ("mp4", "m4v", "mov", "qt", "3gp", "3g2", "m4a"))
MATROSKA = Format("Matroska", "video/x-matroska", "video", ("mkv", "webm", "mka"))
AVI = Format("AVI", "video/x-msvideo", "video", ("avi",))
MPEG = Format("MPEG", "video/mpeg", "video", ("mpg", "mpeg", "mpe", "vob", "m1v", "m2v"))
MPEG_TS = Format("MPEG-TS", "video/mp2t", "video", ("ts", "m2ts", "mts"))
FLV = Format("FLV", "video/x-flv", "video", ("flv",))
ASF = Format("ASF", "video/x-ms-asf", "video", ("wmv", "asf", "wma"))
OGG = Format("Ogg", "video/ogg", "video", ("ogv", "ogg", "oga"))

FORMATS = (
    *(JPEG, PNG, GIF, WEBP, TIFF, BMP, PPM, AVIF, HEIF),
    *(MP4, MATROSKA, AVI, MPEG, MPEG_TS, FLV, ASF, OGG),
)


def _known(name: str, mime: str, *extensions: str) -> Format:
    return Format(name, mime, "image", extensions, readable=False)


# Longest prefixes first where one starts another.
_PREFIXES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x1aE\xdf\xa3", MATROSKA),
    (b"\x00\x00\x01\xba", MPEG),
    (b"\x00\x00\x01\xb3", MPEG),
    (b"FLV\x01", FLV),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", ASF),
    (b"OggS", OGG),
    (b"8BPS", _known("PSD", "image/vnd.adobe.photoshop", "psd")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", _known("JPEG2000", "image/jp2", "jp2")),
    (b"\xff\x4f\xff\x51", _known("JPEG2000", "image/j2c", "j2c", "j2k")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _known("JPEGXL", "image/jxl", "jxl")),
    (b"\xff\x0a", _known("JPEGXL", "image/jxl", "jxl")),
    (b"v/1\x01", _known("OpenEXR", "image/x-exr", "exr")),
    (b"#?RADIANCE", _known("Radiance", "image/vnd.radiance", "hdr")),
    (b"FUJIFILMCCD-RAW", _known("RAF", "image/x-fuji-raf", "raf")),
    (b"\x00\x00\x01\x00", _known("ICO", "image/x-icon", "ico")),
)

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"msf1"),
}


def sniff(head: bytes) -> Format | None:
    r"""Return the format that `head`, a file's first bytes, belongs to.

    Returns:
        The format, or None when it is no picture or video that is known.

    >>> sniff(b"\x89PNG\r\n\x1a\n....").name
    'PNG'
    >>> sniff(b"hello") is None
    True
    """
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    return _riff(head) or _iso_media(head) or _bmp(head) or _anymap(head) or _transport(head)


def extension_matches(found: Format, name: str) -> bool:
    """Tell whether file name `name` ends as files of this format do.

    >>> extension_matches(PNG, "a.JPG")
    False
    """
    stem, dot, extension = name.rpartition(".")
    return bool(stem and dot) and extension.lower() in found.extensions


def _riff(head: bytes) -> Format | None:
    if head[:4] != b"RIFF":
        return None
    return {b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12])


def _iso_media(head: bytes) -> Format | None:
    """Tell AVIF, HEIF and MP4 apart by the brands of the leading `ftyp` box."""
    if head[4:8] != b"ftyp":
        return MP4 if head[4:8] in (b"moov", b"mdat", b"wide") else None
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if _AVIF_BRANDS.intersection(brands):
        return AVIF
    if _HEIF_BRANDS.intersection(brands):
        return HEIF
    return MP4


def _bmp(head: bytes) -> Format | None:
    """Two letters are not enough evidence: ask for a known header length too."""
    if head[:2] != b"BM" or len(head) < 18:
        return None
    known = {12, 16, 40, 52, 56, 64, 108, 124}
    return BMP if int.from_bytes(head[14:18], "little") in known else None


def _anymap(head: bytes) -> Format | None:
    if len(head) > 2 and head[:1] == b"P" and head[1:2] in b"123456f":
        return PPM if head[2:3] in b" \t\r\n#" else None
    return None


def _transport(head: bytes) -> Format | None:
    packets = head[: 188 * 4 + 1 : 188]
    return MPEG_TS if len(packets) == 5 and set(packets) == {0x47} else None
