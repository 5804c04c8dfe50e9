"""Pictures that show one thing here and hide another: each is looked at, or is told as not.

Every file shows an innocent picture and hides a second one, along one way of hiding in one
container. The second must be among the looks, or a part that was not looked at must name it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import compress, crc32

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from curate.media import Reason, UnreadableError, probe_media
from curate.media.looks import Look, looks
from curate.media.strip import strip
from curate.media.tiff import parse_tiff

Pixels = npt.NDArray[np.uint8]
SIDE = 64


def drawn(seed: int) -> Image.Image:
    """Return a picture with large shapes, of which no two seeds give similar ones."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (SIDE, SIDE), tuple(random.integers(0, 255, 3)))
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = random.integers(0, SIDE, 4)
        pen.ellipse((x, y, x + w, y + h), fill=tuple(random.integers(0, 255, 3)))
    return image


SHOWN, SECRET = drawn(1), drawn(2)
GREY = np.asarray(SHOWN.convert("L"))
HIDDEN = np.asarray(SECRET.convert("L"))
WHITE = Image.new("RGB", (SIDE, SIDE), "white")


def coded(image: Image.Image, kind: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    # A copy: Pillow leaves settings of one format in the picture.
    if "append_images" in settings:
        settings["append_images"] = [other.copy() for other in settings["append_images"]]
    image.copy().save(out, kind, **settings)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", crc32(kind + body))


def png(samples: npt.NDArray[Any], colour: int, *more: bytes) -> bytes:
    """Return samples, shape (H, W) or (H, W, C), as a PNG of that colour type."""
    height, width = samples.shape[:2]
    depth = 8 * samples.dtype.itemsize
    rows = samples.reshape(height, -1).astype(samples.dtype.newbyteorder(">"))
    packed = compress(b"".join(b"\0" + row.tobytes() for row in rows))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = (chunk(b"IHDR", head), *more, chunk(b"IDAT", packed), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def tiff(strips: bytes, tags: dict[int, tuple[int, ...]], behind: bytes = b"") -> bytes:
    """Return a TIFF of one strip: tags of whole numbers, and bytes behind its directory."""
    base = {256: (SIDE,), 257: (SIDE,), 259: (1,), 273: (8,), 278: (SIDE,), 279: (len(strips),)}
    strips += b"\0" * (len(strips) % 2)
    all_ = sorted({**base, **tags}.items())
    at = 8 + len(strips)
    far = at + 2 + 12 * len(all_) + 4
    entries, values = b"", b""
    for tag, numbers in all_:
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            values, packed = values + packed, struct.pack("<I", far + len(values))
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + packed
    return (b"II*\0" + struct.pack("<I", at) + strips + struct.pack("<H", len(all_)) + entries
            + b"\0\0\0\0" + values + behind)  # fmt: skip


def with_alpha(over: Image.Image, plane: Pixels) -> Image.Image:
    made = over.convert("RGB").copy()
    made.putalpha(Image.fromarray(plane))
    return made


CLEAR = with_alpha(SECRET, np.zeros((SIDE, SIDE), np.uint8))
VEIL = with_alpha(WHITE, HIDDEN)


def repeated_palette() -> Image.Image:
    """Return 4 bits that show one thing in numbers whose other 4 bits are another."""
    numbers = (GREY >> 4 << 4) | (HIDDEN >> 4)
    made = Image.fromarray(numbers).convert("P")
    made.putpalette([value >> 4 << 4 for value in range(256) for _ in range(3)])
    return made


def transparent_palette() -> bytes:
    made = SECRET.quantize(64)
    return coded(made, "PNG", transparency=bytes(64))


def colour_key() -> bytes:
    """Return a grey PNG all of whose pixels have the one colour that is transparent, or white."""
    samples = np.where(HIDDEN > 120, 255, 0).astype(np.uint8)
    return png(samples, 0, chunk(b"tRNS", b"\0\0"))


def heif(*images: Image.Image, **settings: Any) -> bytes:
    import pillow_heif

    made = pillow_heif.HeifFile()
    for image in images:
        made.add_from_pillow(image)
    out = io.BytesIO()
    made.save(out, quality=90, **settings)
    return out.getvalue()


def heif_of_ten_bits() -> bytes:
    import pillow_heif

    samples = np.repeat((HIDDEN.astype(np.uint16) >> 2 << 6)[:, :, None], 3, axis=2)
    made = pillow_heif.from_bytes("RGB;16", (SIDE, SIDE), samples.tobytes())
    out = io.BytesIO()
    made.save(out, quality=-1)
    return out.getvalue()


def inks_under_black() -> Image.Image:
    inks = np.dstack([255 - np.asarray(SECRET), np.full((SIDE, SIDE), 255, np.uint8)])
    return Image.fromarray(inks, "CMYK")


def multiplied() -> bytes:
    """Return colours that were never multiplied by the transparency that they have, which is 0."""
    return coded(CLEAR, "TIFF").replace(
        struct.pack("<HHIHH", 338, 3, 1, 2, 0), struct.pack("<HHIHH", 338, 3, 1, 1, 0)
    )


def bitmap(gap: bytes = b"", behind: bytes = b"", *, counted: bool = False) -> bytes:
    data = coded(SHOWN, "BMP")
    at = struct.unpack_from("<I", data, 10)[0]
    size = len(data) + len(gap) + (len(behind) if counted else 0)
    head = data[:2] + struct.pack("<IHHI", size, 0, 0, at + len(gap)) + data[14:at]
    return head + gap + data[at:] + behind


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def still_outside_animation() -> bytes:
    frames = [SHOWN, SHOWN.rotate(3)]
    return coded(SECRET, "PNG", save_all=True, default_image=True, append_images=frames)


def later_frame(kind: str) -> bytes:
    veiled = with_alpha(SECRET, np.where(np.indices((SIDE, SIDE))[0] < 8, 255, 0).astype(np.uint8))
    return coded(SHOWN.convert("RGBA"), kind, save_all=True, append_images=[veiled],
                 lossless=True, exact=True)  # fmt: skip


def with_segment(number: int, payload: bytes) -> bytes:
    data = coded(SHOWN, "JPEG")
    return data[:2] + struct.pack(">BBH", 0xFF, number, len(payload) + 2) + payload + data[2:]


def turned(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def profile(curve: float, blue: tuple[float, float, float]) -> bytes:
    """Return a colour profile (ICC.1:2001-04, 6.3.1.2) of one gamma, blue placed as told."""
    tags = {
        b"rXYZ": _xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": _xyz(0.292, 0.6922, 0.0419),
        b"bXYZ": _xyz(*blue),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"),
                        b"curv\0\0\0\0" + struct.pack(">IHH", 1, int(curve * 256), 0)),
        b"wtpt": _xyz(0.9642, 1, 0.8249),
    }  # fmt: skip
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
        body += value
    head = b"lcms\2\x40\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += _xyz(0.9642, 1, 0.8249)[8:]
    return (
        struct.pack(">I", 132 + 12 * len(tags) + len(body)) + head.ljust(124, b"\0") + table + body
    )


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", int(v * 65536)) for v in values)


P3 = profile(2.2, (0.1571, 0.0666, 0.7841))
STEEP = profile(20, (0.1571, 0.0666, 0.7841))


def bright() -> Image.Image:
    """Return what is white but for a gamma that brings it out."""
    return Image.fromarray(240 + (np.asarray(SECRET) >> 4))


def below(page: bytes) -> bytes:
    """Return a TIFF of one strip below whose only directory another stands, of the same kind."""
    made = tiff(GREY.tobytes(), {258: (8,), 262: (1,), 277: (1,), 330: (0,)})
    at = len(made)
    place = made.index(struct.pack("<HHII", 330, 4, 1, 0))
    made = made[: place + 8] + struct.pack("<I", at + len(page)) + made[place + 12 :] + page
    tags = {256: SIDE, 257: SIDE, 258: 8, 259: 1, 262: 1, 273: at, 277: 1, 278: SIDE,
            279: len(page)}  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return made + struct.pack("<H", len(tags)) + entries + bytes(4)


def many_samples() -> bytes:
    """Return a TIFF whose page says that it has more samples than memory."""
    before, found, behind = below(HIDDEN.tobytes()).rpartition(struct.pack("<HHII", 277, 4, 1, 1))
    return before + found[:8] + struct.pack("<I", 3 << 30) + behind


def bitmap_of(bits: int, samples: bytes, width: int = SIDE) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, -SIDE, 1, bits, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(samples), 0, 0, 54) + head + samples


def stacked() -> Image.Image:
    """Return the hidden picture below the one that is shown, grey."""
    made = Image.new("L", (SIDE, 2 * SIDE))
    made.paste(SHOWN.convert("L"))
    made.paste(SECRET.convert("L"), (0, SIDE))
    return made


def jpeg_of_height(data: bytes, height: int) -> bytes:
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">H", height) + data[at + 7 :]


def lower(data: bytes) -> bytes:
    """Return a TIFF of one strip that says to have half the rows."""
    found = parse_tiff(data, most=1)
    height, rows = (found.directories[0].tags[tag] for tag in (257, 278))
    for entry in (height, rows):
        size = 2 if entry.kind == 3 else 4
        data = data[: entry.at] + SIDE.to_bytes(size, "little") + data[entry.at + size :]
    return data


def counted(data: bytes, frames: int) -> bytes:
    """Return an animated PNG whose header counts so many frames."""
    at = data.index(b"acTL") - 4
    return data[:at] + chunk(b"acTL", struct.pack(">II", frames, 0)) + data[at + 20 :]


PERSON = coded(SECRET, "JPEG", quality=90)
WIDE = HIDDEN.astype(np.uint16)
RGB16 = np.asarray(SHOWN).astype(np.uint16) << 8 | np.asarray(SECRET)
PLAIN = b"P3 64 64 255\n" + b" ".join(b"%d" % v for v in np.asarray(SHOWN).ravel())

LOOKED_AT: dict[str, Callable[[], bytes]] = {
    "clear PNG": lambda: coded(CLEAR, "PNG"),
    "clear WebP": lambda: coded(CLEAR, "WEBP", lossless=True, exact=True),
    "clear TIFF": lambda: coded(CLEAR, "TIFF"),
    "clear HEIF": lambda: heif(CLEAR),
    "clear AVIF": lambda: coded(CLEAR, "AVIF", quality=95),
    "white PNG under a veil": lambda: coded(VEIL, "PNG"),
    "white grey PNG under a veil": lambda: coded(VEIL.convert("LA"), "PNG"),
    "white WebP under a veil": lambda: coded(VEIL, "WEBP", lossless=True),
    "veil over noise": lambda: coded(with_alpha(drawn(3), HIDDEN), "PNG"),
    "palette that is transparent": transparent_palette,
    "colour that is transparent": colour_key,
    "palette with a colour twice in PNG": lambda: coded(repeated_palette(), "PNG"),
    "palette with a colour twice in GIF": lambda: coded(repeated_palette(), "GIF"),
    "palette with a colour twice in TIFF": lambda: coded(repeated_palette(), "TIFF"),
    "low byte of grey PNG": lambda: png(GREY.astype(np.uint16) << 8 | WIDE, 0),
    "low byte of colour PNG": lambda: png(RGB16, 2),
    "low byte of grey PNG with transparency": lambda: png(
        np.dstack([GREY.astype(np.uint16) << 8 | WIDE, np.full_like(WIDE, 65535)]), 4
    ),
    "low byte of colour PNG with transparency": lambda: png(
        np.dstack([RGB16, np.full_like(WIDE, 65535)]), 6
    ),
    "dark PNG of 16 bits": lambda: png(WIDE, 0),
    "dark PNG of 12 bits with an outlier": lambda: png(
        np.where(np.indices((SIDE, SIDE))[0] < 6, 65535, WIDE << 4).astype(np.uint16), 0
    ),
    "low byte of colour TIFF": lambda: tiff(
        RGB16.astype("<u2").tobytes(),
        {258: (16, 16, 16), 262: (2,), 277: (3,)},
    ),
    "dark TIFF of 16 bits": lambda: coded(Image.fromarray(WIDE), "TIFF"),
    "negative TIFF": lambda: coded(Image.fromarray(HIDDEN.astype(np.int32) - 300), "TIFF"),
    "large TIFF": lambda: coded(Image.fromarray(HIDDEN.astype(np.int32) << 20), "TIFF"),
    "float TIFF below nought": lambda: coded(
        Image.fromarray(HIDDEN.astype(np.float32) - 1000), "TIFF"
    ),
    "float TIFF of large numbers": lambda: coded(
        Image.fromarray(HIDDEN.astype(np.float32) * 1e9 + 255), "TIFF"
    ),
    "places without a number in TIFF": lambda: coded(
        Image.fromarray(np.where(HIDDEN > 120, np.nan, GREY / 255).astype(np.float32)), "TIFF"
    ),
    "dark PGM of 16 bits": lambda: b"P5 64 64 65535\n" + WIDE.astype(">u2").tobytes(),
    "low byte of PPM": lambda: b"P6 64 64 65535\n" + RGB16.astype(">u2").tobytes(),
    "PGM above its highest level": lambda: b"P5 64 64 65534\n" + WIDE.astype(">u2").tobytes(),
    "HEIF of ten bits": heif_of_ten_bits,
    "page of TIFF": lambda: coded(SHOWN, "TIFF", save_all=True, append_images=[SECRET]),
    "transparent page of TIFF": lambda: coded(SHOWN, "TIFF", save_all=True, append_images=[CLEAR]),
    "wide page of TIFF": lambda: coded(
        SHOWN, "TIFF", save_all=True, append_images=[Image.fromarray(WIDE)]
    ),
    "picture of MPO": lambda: coded(SHOWN, "MPO", save_all=True, append_images=[SECRET]),
    "picture behind a JPEG": lambda: coded(SHOWN, "JPEG") + PERSON,
    "image of HEIF": lambda: heif(SHOWN, SECRET),
    "inks under black in JPEG": lambda: coded(inks_under_black(), "JPEG", quality=95),
    "inks under black in TIFF": lambda: coded(inks_under_black(), "TIFF"),
    "black ink alone": lambda: coded(Image.fromarray(np.dstack(
        [*(np.full((SIDE, SIDE), 255, np.uint8),) * 3, HIDDEN]), "CMYK"), "TIFF"),
    "plane beside the colours of TIFF": lambda: tiff(
        np.dstack([np.asarray(SHOWN), HIDDEN]).tobytes(),
        {258: (8, 8, 8, 8), 262: (2,), 277: (4,), 338: (0,)},
    ),
    "plane beside the grey of TIFF": lambda: tiff(
        np.dstack([GREY, HIDDEN]).tobytes(),
        {258: (8, 8), 262: (1,), 277: (2,), 338: (0,)},
    ),
    "colours multiplied away in TIFF": multiplied,
    "profile of JPEG": lambda: coded(bright(), "JPEG", quality=98, icc_profile=STEEP),
    "profile of large JPEG": lambda: coded(
        bright().resize((800, 800)), "JPEG", quality=98, icc_profile=STEEP
    ),
    "profile of PNG": lambda: coded(bright(), "PNG", icc_profile=STEEP),
    "profile of WebP": lambda: coded(bright(), "WEBP", lossless=True, icc_profile=STEEP),
    "profile of TIFF": lambda: coded(bright(), "TIFF", icc_profile=STEEP),
    "gamma of PNG": lambda: png(
        np.asarray(bright()), 2, chunk(b"gAMA", struct.pack(">I", 2300))
    ),
    "plane beside the colours of BMP": lambda: bitmap_of(
        32, np.dstack([np.asarray(SHOWN), HIDDEN]).tobytes()
    ),
    "page below a page of TIFF": lambda: below(HIDDEN.tobytes()),
    "negative of TIFF": lambda: tiff(
        (255 - HIDDEN).tobytes(), {258: (8,), 262: (0,), 277: (1,)}
    ),
}  # fmt: skip

NAMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "planes of TIFF": (lambda: tiff(
        np.dstack([np.asarray(SHOWN), GREY, HIDDEN]).tobytes(),
        {258: (8,) * 5, 262: (2,), 277: (5,), 338: (0, 0)},
    ), "hidden"),
    "gap of TIFF": (lambda: tiff(GREY.tobytes(), {258: (8,), 262: (1,), 277: (1,)},
                                 behind=PERSON), "tail"),
    "private tag of TIFF": (lambda: tiff(
        GREY.tobytes(),
        {258: (8,), 262: (1,), 277: (1,), 65001: tuple(HIDDEN.ravel().tolist())},
    ), "metadata"),
    "page of TIFF with too many samples": (many_samples, "unknown"),
    "strip of TIFF that goes on": (lambda: tiff(
        GREY.tobytes() + HIDDEN.tobytes(),
        {257: (SIDE,), 258: (8,), 262: (1,), 277: (1,)},
    ), "surplus"),
    "JPEG of a TIFF that goes on": (lambda: tiff(
        jpeg_of_height(coded(stacked(), "JPEG"), SIDE),
        {258: (8,), 259: (7,), 262: (1,), 277: (1,)},
    ), "surplus"),
    "LZW of a TIFF that goes on": (lambda: lower(coded(stacked(), "TIFF",
                                                       compression="tiff_lzw")), "surplus"),
    "zlib of a TIFF that goes on": (lambda: lower(coded(stacked(), "TIFF",
        compression="tiff_adobe_deflate")), "surplus"),
    "runs of a TIFF that go on": (lambda: lower(coded(stacked(), "TIFF",
                                                      compression="packbits")), "surplus"),
    "gap of BMP": (lambda: bitmap(gap=PERSON), "metadata"),
    "behind BMP": (lambda: bitmap(behind=PERSON), "tail"),
    "rows of BMP that go on": (lambda: bitmap(behind=PERSON, counted=True), "surplus"),
    "bit beside the colours of BMP": (lambda: bitmap_of(
        16, (GREY.astype("<u2") | (HIDDEN > 120).astype("<u2") << 15).tobytes()), "hidden"),
    "bytes behind the rows of BMP": (lambda: bitmap_of(24, np.pad(
        np.asarray(SHOWN)[:, :63].reshape(SIDE, -1), ((0, 0), (0, 3)), constant_values=7
    ).tobytes(), 63), "metadata"),
    "second header of PNG": (lambda: png(GREY, 0, chunk(b"tIME", bytes(7)),
                                         chunk(b"tIME", PERSON[:7])), "metadata"),
    "frames that are not counted": (lambda: counted(coded(
        SHOWN, "PNG", save_all=True, append_images=[SHOWN.rotate(3), SECRET]), 2), "hidden"),
    "behind PGM": (lambda: b"P5 64 64 255\n" + GREY.tobytes() + HIDDEN.tobytes(), "tail"),
    "comment of PGM": (lambda: b"P5 64 64\n#" + PERSON.replace(b"\n", b"\v")
                       .replace(b"\r", b"\v") + b"\n255\n" + GREY.tobytes(), "metadata"),
    "numbers behind PPM": (lambda: PLAIN + b" 12" * 4000, "surplus"),
    "behind HEIF": (lambda: heif(SHOWN) + PERSON, "tail"),
    "free space of HEIF": (lambda: heif(SHOWN) + box(b"free", PERSON), "metadata"),
    "box of HEIF": (lambda: heif(SHOWN) + box(b"uuid", PERSON), "metadata"),
    "data of HEIF that nothing refers to": (lambda: heif(SHOWN) + box(b"mdat", PERSON),
                                            "metadata"),
    "box of AVIF": (lambda: coded(SHOWN, "AVIF") + box(b"skip", PERSON), "metadata"),
    "later frame of WebP": (lambda: later_frame("WEBP"), "reading"),
    "later frame of PNG": (lambda: later_frame("PNG"), "reading"),
    "segment of JPEG": (lambda: with_segment(0xE7, PERSON), "metadata"),
    "preview of JPEG": (lambda: with_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0" + PERSON),
                        "preview"),
    "archive behind JPEG": (lambda: coded(SHOWN, "JPEG") + b"PK\3\4" + PERSON, "tail"),
}  # fmt: skip


def alike(look: Look) -> float:
    """Return how strongly a look and the hidden picture go together, upside down as a negative."""
    assert look.pixels is not None
    grey = np.asarray(Image.fromarray(look.pixels).convert("L").resize((SIDE, SIDE)), np.float64)
    together = [
        np.corrcoef(grey.ravel(), plane.ravel())[0, 1] if np.ptp(grey) else 0.0
        for plane in (HIDDEN, HIDDEN > 120)
    ]
    return float(np.abs(together).max())


@pytest.mark.parametrize("name", LOOKED_AT)
def test_hidden_picture_is_among_the_looks(name: str, tmp_path: Path) -> None:
    """Faces are sought in it, under the frame that the table of parts names."""
    data = LOOKED_AT[name]()
    path = tmp_path / "file"
    path.write_bytes(data)

    seen = [look for look in looks(data) if look.number is not None]
    rows = [row for row in probe_media(path).parts if row["reading"] == "sought"]

    assert max(map(alike, seen)) > 0.7, [(look.name, alike(look)) for look in seen]
    assert {(row["frame"], row["part"]) for row in rows} == {
        (look.number, look.name) for look in seen
    }


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_looked_at_is_named(name: str, tmp_path: Path) -> None:
    """No silence stands for it: a part says that it was not looked at."""
    make, kind = NAMED[name]
    path = tmp_path / "file"
    path.write_bytes(make())

    rows = probe_media(path).parts

    assert kind in {row["kind"] for row in rows if row["reading"] == "not"}, rows
    assert len({row["part"] for row in rows}) == len(rows)


def test_still_outside_an_animation_is_one_of_its_frames(tmp_path: Path) -> None:
    """Programs without animations show it, and decoders number it as the first."""
    path = tmp_path / "file"
    path.write_bytes(still_outside_animation())

    probed = probe_media(path)

    assert probed.content["frame_count"] == 3
    assert [row["pictures"] for row in probed.parts if row["kind"] == "frames"] == [3]


PLAINLY: dict[str, bytes] = {
    "JPEG": coded(SHOWN, "JPEG"),
    "grey JPEG": coded(SHOWN.convert("L"), "JPEG"),
    "JPEG that is turned": coded(SHOWN, "JPEG", exif=turned(6)),
    "PNG": coded(SHOWN, "PNG"),
    "PNG that is turned": coded(SHOWN, "PNG", exif=turned(6)),
    "JPEG of another colour space": coded(SHOWN, "JPEG", icc_profile=P3),
    "PNG of another colour space": coded(SHOWN, "PNG", icc_profile=P3),
    "opaque PNG": coded(SHOWN.convert("RGBA"), "PNG"),
    "palette": coded(SHOWN.quantize(32), "PNG"),
    "GIF": coded(SHOWN, "GIF"),
    "WebP": coded(SHOWN, "WEBP"),
    "BMP": coded(SHOWN, "BMP"),
    "BMP of one bit": coded(SHOWN.convert("1"), "BMP"),
    "PPM": coded(SHOWN, "PPM"),
    "PBM": coded(SHOWN.convert("1"), "PPM"),
    "PPM written out": PLAIN,
    "TIFF": coded(SHOWN, "TIFF"),
    "TIFF that is turned": coded(SHOWN, "TIFF", exif=turned(6)),
    "TIFF by LZW": coded(SHOWN, "TIFF", compression="tiff_lzw"),
    "TIFF by zlib": coded(SHOWN, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF by JPEG": coded(SHOWN, "TIFF", compression="jpeg"),
    "grey TIFF by JPEG": coded(SHOWN.convert("L"), "TIFF", compression="jpeg"),
    "TIFF by runs": coded(SHOWN, "TIFF", compression="packbits"),
}


@pytest.mark.parametrize("name", PLAINLY)
def test_ordinary_picture_is_one_picture_and_nothing_else(name: str, tmp_path: Path) -> None:
    """Whoever keeps pictures of everyday formats has nothing to review for their structure."""
    path = tmp_path / "file"
    path.write_bytes(PLAINLY[name])

    rows = probe_media(path).parts

    assert [(row["part"], row["reading"], row["frame"]) for row in rows] == [
        ("the picture", "sought", 0)
    ]


CUT: dict[str, bytes] = {
    **PLAINLY,
    "progressive JPEG": coded(SHOWN, "JPEG", progressive=True),
    "JPEG of four inks": coded(inks_under_black(), "JPEG"),
    "MPO": coded(SHOWN, "MPO", save_all=True, append_images=[SECRET]),
    "WebP without loss": coded(SHOWN, "WEBP", lossless=True),
    "PGM of 16 bits": b"P5 64 64 65535\n" + WIDE.tobytes(),
    "PFM": coded(Image.fromarray(GREY.astype(np.float32)), "PPM"),
    "pages": coded(SHOWN, "TIFF", save_all=True, append_images=[SECRET]),
    "fax": coded(SHOWN.convert("1"), "TIFF", compression="group4"),
    "HEIF": heif(SHOWN),
    "images of HEIF": heif(SHOWN, SECRET),
    "AVIF": coded(CLEAR, "AVIF"),
}


@pytest.mark.parametrize("left", [0.3, 0.6, 0.9, -24])
@pytest.mark.parametrize("name", CUT)
def test_file_that_was_cut_short_is_never_whole(name: str, left: float, tmp_path: Path) -> None:
    """It cannot be read, or a part of it is told as not looked at."""
    data = CUT[name]
    path = tmp_path / "file"
    path.write_bytes(data[: int(left) if left < 0 else int(len(data) * left)])

    told: set[object]
    try:
        told = {row["reading"] for row in probe_media(path).parts}
    except UnreadableError as error:
        told = {error.reason_code}

    assert told & {"not", Reason.TRUNCATED, Reason.CORRUPT}


STRIPPED = {
    **{name: make for name, (make, _) in NAMED.items()},
    "text of PNG": lambda: png(GREY, 0, chunk(b"tEXt", b"Jane Doe\0" + PERSON)),
    "chunk of PNG": lambda: png(GREY, 0, chunk(b"jaNe", PERSON)),
    "palette of PNG that is too long": lambda: png(GREY, 0, chunk(b"bKGD", PERSON)),
    "profile of JPEG": lambda: with_segment(0xE2, b"ICC_PROFILE\0\1\1" + HIDDEN.tobytes()),
    "profile of WebP": lambda: coded(SHOWN, "WEBP", icc_profile=HIDDEN.tobytes()),
    "words of WebP": lambda: coded(SHOWN, "WEBP", xmp=b"QUJD" * 600),
    "comment of GIF": lambda: coded(SHOWN, "GIF", comment=HIDDEN.tobytes()),
    "thumbnail of JFIF": lambda: with_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\x20\x20" + bytes(3072)),
    "picture behind JPEG": LOOKED_AT["picture behind a JPEG"],
}


@pytest.mark.parametrize("name", STRIPPED)
def test_what_a_release_does_with_a_part_is_what_it_does(name: str, tmp_path: Path) -> None:
    """A part that is told as taken out is gone from a file without metadata; others stay."""
    data = STRIPPED[name]()
    path = tmp_path / "file"
    path.write_bytes(data)
    probed = probe_media(path)
    before = {row["part"]: row["released"] for row in probed.parts}
    try:
        path.write_bytes(strip(data, str(probed.content["format"])))
    except UnreadableError:
        assert "taken_out" not in before.values()
        return

    after = {row["part"] for row in probe_media(path).parts}

    assert after == {part for part, released in before.items() if released == "kept"}


@pytest.mark.parametrize("name", STRIPPED)
def test_no_text_of_the_file_is_in_the_name_of_a_part(name: str, tmp_path: Path) -> None:
    """A keyword can be somebody's name."""
    path = tmp_path / "file"
    path.write_bytes(STRIPPED[name]())

    assert not [row for row in probe_media(path).parts if "Jane" in row["part"]]


def _named(data: bytes, tmp_path: Path) -> set[str]:
    """Return the parts of a file that nobody looked at."""
    path = tmp_path / "picture"
    path.write_bytes(data)
    return {str(row["part"]) for row in probe_media(path).parts if row["reading"] == "not"}


def _ycc(inserted: bytes, ids: bytes = b"\x01\x02\x03") -> bytes:
    """Return a JPEG with JFIF, a segment behind it, and names for its three components."""
    data = coded(SHOWN, "JPEG", subsampling=0)
    data = data[:20] + inserted + data[20:]
    for old, new in zip(b"\x01\x02\x03", ids, strict=True):
        frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
        at = {1: (10, 5), 2: (13, 7), 3: (16, 9)}[old]
        changed = bytearray(data)
        changed[frame + at[0]], changed[scan + at[1]] = new, new
        data = bytes(changed)
    return data


ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


def test_colours_that_programs_read_in_two_ways_are_a_part(tmp_path: Path) -> None:
    """JFIF says luma and colour; Adobe's marker, or the names of components, say red and green."""
    name = "hidden pixels 1"
    assert name not in _named(_ycc(b""), tmp_path)
    assert name in _named(_ycc(ADOBE), tmp_path)
    assert name in _named(_ycc(b"", b"RGB"), tmp_path)


def test_strips_and_tiles_beside_each_other_are_a_part(tmp_path: Path) -> None:
    strips = np.asarray(SHOWN).tobytes() + np.asarray(SECRET).tobytes()
    size = len(strips) // 2
    both = tiff(strips, {
        258: (8, 8, 8), 262: (2,), 277: (3,), 279: (size,), 322: (SIDE,), 323: (SIDE,),
        324: (8 + size,), 325: (size,),
    })  # fmt: skip
    try:
        named = _named(both, tmp_path)
    except UnreadableError:
        return
    assert "hidden pixels 1" in named or any("strips" in one for one in named)


def test_private_tags_of_a_profile_are_a_part(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = int.from_bytes(profile[128:132], "big")
    payload = b"data\0\0\0\0\0\0\0\1" + coded(SECRET, "BMP")
    entries = b"".join(
        profile[at : at + 4]
        + (int.from_bytes(profile[at + 4 : at + 8], "big") + 12).to_bytes(4, "big")
        + profile[at + 8 : at + 12]
        for at in range(132, 132 + 12 * count, 12)
    )
    rest = profile[132 + 12 * count :]
    end = 132 + 12 * (count + 1) + len(rest)
    entry = b"priv" + end.to_bytes(4, "big") + len(payload).to_bytes(4, "big")
    body = profile[4:128] + (count + 1).to_bytes(4, "big") + entries + entry + rest + payload
    private = (4 + len(body)).to_bytes(4, "big") + body

    assert not any("ICC" in one for one in _named(
        coded(SHOWN, "JPEG", icc_profile=profile), tmp_path))  # fmt: skip
    assert any("ICC" in one for one in _named(
        coded(SHOWN, "JPEG", icc_profile=private), tmp_path))  # fmt: skip


def test_a_thumbnail_that_is_no_jpeg_is_a_part(tmp_path: Path) -> None:
    small = np.asarray(SECRET).tobytes()
    tags = [(256, SIDE), (257, SIDE), (259, 1), (262, 2), (273, 0), (277, 3), (279, len(small))]
    second = 14
    at = second + 2 + 12 * len(tags) + 4
    rows = b"".join(struct.pack("<HHII", t, 4, 1, at if t == 273 else v) for t, v in tags)
    block = b"II*\0" + struct.pack("<IHI", 8, 0, second)
    block += struct.pack("<H", len(tags)) + rows + bytes(4) + small

    assert any("thumbnail" in one for one in _named(
        coded(SHOWN, "JPEG", exif=b"Exif\0\0" + block), tmp_path))  # fmt: skip
