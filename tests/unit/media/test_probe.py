"""The probe: one row of facts for any file, or a reason."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pdqhash
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from curate.media import Limits, Reason, UnreadableError, probe_file
from curate.media.phash import hamming
from curate.schema import arrow_schema, conform
from tests.unit.media.conftest import draw, encode, with_orientation

Write = Callable[..., Path]
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF"]


def failure(path: Path, limits: Limits | None = None) -> UnreadableError:
    """Return the error that a file ends in."""
    with pytest.raises(UnreadableError) as caught:
        probe_file(path, limits=limits)
    return caught.value


def distances(row: dict[str, object], path: Path) -> tuple[int, int, int]:
    """Return how far pHash, dHash and PDQ are from the packages' on Pillow's full decode."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    vector, _ = pdqhash.compute(np.asarray(image))
    expected = [
        bytes.fromhex(str(imagehash.phash(image))),
        bytes.fromhex(str(imagehash.dhash(image))),
        np.packbits(vector).tobytes(),
    ]
    found = [row["phash"], row["dhash"], row["pdq"]]
    bits = [hamming(bytes(f), e) for f, e in zip(found, expected, strict=True)]  # type: ignore[call-overload]
    return bits[0], bits[1], bits[2]


@pytest.mark.parametrize("kind", FORMATS)
def test_row_has_exactly_the_columns_of_the_schema(write: Write, kind: str) -> None:
    row = probe_file(write(encode(draw(), kind)))
    assert list(row) == arrow_schema("content").names
    assert conform([row], "content").num_rows == 1


@pytest.mark.parametrize("kind", FORMATS)
def test_format_is_told_from_content_whatever_the_name(write: Write, kind: str) -> None:
    row = probe_file(write(encode(draw(), kind), "picture.xyz"))
    assert (row["format"], row["kind"]) == (kind, "image")
    assert (row["width"], row["height"], row["frame_count"]) == (320, 240, 1)


def test_digests_and_size_are_those_of_the_bytes(write: Write) -> None:
    data = encode(draw())
    row = probe_file(write(data))
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert row["md5"] == hashlib.md5(data).hexdigest()
    assert row["byte_size"] == len(data)


@pytest.mark.parametrize("size", [(1024, 768), (1600, 1203), (3100, 1700), (768, 1601)], ids=str)
@pytest.mark.parametrize("value", [1, 6, 3])
def test_scaled_decode_stays_within_the_stated_bits(write: Write, size, value) -> None:
    path = write(encode(draw(*size), exif=with_orientation(value)))
    phash, dhash, pdq = distances(probe_file(path), path)
    assert phash <= 2
    assert dhash <= 2
    assert pdq <= 10


@pytest.mark.parametrize("size", [(1024, 768), (641, 479), (100, 60)], ids=str)
@pytest.mark.parametrize("value", range(1, 9))
def test_exact_decode_gives_imagehashs_own_bits(write: Write, size, value) -> None:
    path = write(encode(draw(*size), exif=with_orientation(value)))
    phash, dhash, pdq = distances(probe_file(path, exact=True), path)
    assert (phash, dhash) == (0, 0)
    assert pdq <= 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP", "PPM"])
def test_other_formats_give_imagehashs_own_bits(write: Write, kind: str) -> None:
    path = write(encode(draw(900, 800), kind))
    phash, dhash, pdq = distances(probe_file(path), path)
    assert (phash, dhash) == (0, 0)
    assert pdq <= 2


def test_photographs_stay_within_the_stated_bits(shared_data: Path) -> None:
    folder = shared_data / "duplicates" / "pdq"
    paths = sorted([*folder.glob("bridge-mods/*.jpg"), *folder.glob("reg-test-input/*/*.jpg")])
    for path in paths:
        row = probe_file(path)
        phash, dhash, pdq = distances(row, path)
        assert phash <= 2
        assert dhash <= 2
        if int(str(row["pdq_quality"])) >= 80:
            assert pdq <= 10


def test_modes_of_one_picture_have_near_hashes(shared_data: Path) -> None:
    folder = shared_data / "duplicates" / "pdq" / "misc-images" / "modes"
    original = probe_file(folder / "original.jpg")
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".png", ".jpg"}):
        row = probe_file(path)
        assert hamming(bytes(row["pdq"]), bytes(original["pdq"])) <= 31, path.name  # type: ignore[call-overload]


@pytest.mark.parametrize("value", range(1, 9))
def test_size_and_hashes_are_of_the_picture_as_displayed(write: Write, value: int) -> None:
    pixels = draw(1024, 768)
    turned = np.asarray(ImageOps.exif_transpose(oriented(pixels, value)))
    row = probe_file(write(encode(pixels, exif=with_orientation(value)), "tagged.jpg"))
    plain = probe_file(write(encode(turned), "turned.jpg"))
    assert row["exif_orientation"] == value
    assert (row["width"], row["height"]) == (plain["width"], plain["height"])
    assert hamming(bytes(row["phash"]), bytes(plain["phash"])) <= 2  # type: ignore[call-overload]


def oriented(pixels: np.ndarray, value: int) -> Image.Image:
    """Return a picture that says how it is to be turned."""
    return Image.open(io.BytesIO(encode(pixels, "PNG", exif=with_orientation(value))))


def test_same_pixels_in_two_formats_share_the_pixel_digest(write: Write) -> None:
    rows = [probe_file(write(encode(draw(), kind), kind)) for kind in ("PNG", "BMP", "TIFF", "PPM")]
    assert len({row["pixel_digest"] for row in rows}) == 1


def test_small_jpeg_and_its_png_share_the_pixel_digest(write: Write) -> None:
    data = encode(draw())
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    first, second = probe_file(write(data, "a")), probe_file(write(encode(pixels, "PNG"), "b"))
    assert first["pixel_digest"] == second["pixel_digest"]


def test_large_jpeg_has_a_coded_digest_by_default_and_pixels_when_exact(write: Write) -> None:
    path = write(encode(draw(1024, 768)))
    first, second = probe_file(path), probe_file(path, exact=True)
    assert (first["pixel_digest_basis"], second["pixel_digest_basis"]) == ("coded", "pixels")
    assert first["pixel_digest"] != second["pixel_digest"]


def test_stripping_metadata_keeps_the_pixel_digest(write: Write) -> None:
    pixels = draw(1024, 768)
    tagged = probe_file(write(encode(pixels, exif=with_orientation(1), comment=b"x"), "a"))
    plain = probe_file(write(encode(pixels), "b"))
    assert tagged["sha256"] != plain["sha256"]
    assert tagged["pixel_digest"] == plain["pixel_digest"]


def test_jpeg_facts_are_recorded(write: Write) -> None:
    row = probe_file(write(encode(draw(), quality=88, subsampling=2, progressive=True)))
    facts = {name: row[f"jpeg_{name}"] for name in ("quality", "subsampling", "progressive")}
    assert facts == {"quality": 88, "subsampling": "4:2:0", "progressive": True}
    assert row["jpeg_restart"] is False


def test_animation_counts_as_video(write: Write) -> None:
    frames = [Image.fromarray(draw(64, 48, seed)) for seed in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=120)
    row = probe_file(write(buffer.getvalue(), "a.gif"))
    assert (row["kind"], row["frame_count"], row["duration_ms"]) == ("video", 3, 360)


def test_pages_of_a_tiff_are_no_video(write: Write) -> None:
    images = [Image.fromarray(draw(16, 16, seed)) for seed in range(2)]
    buffer = io.BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:])
    row = probe_file(write(buffer.getvalue()))
    assert (row["kind"], row["frame_count"]) == ("image", 2)


def test_video_without_pyav_has_byte_facts_only(write: Write, monkeypatch) -> None:
    monkeypatch.setattr("curate.media.probe.can_read_videos", lambda: False)
    row = probe_file(write(b"\x1aE\xdf\xa3" + bytes(5000), "a.mkv"))
    assert (row["kind"], row["format"], row["width"]) == ("video", "Matroska", None)
    assert row["frames_read"] is None
    assert conform([row], "content").num_rows == 1


def test_hash_method_names_kernels_decoder_and_scale(write: Write) -> None:
    method = str(probe_file(write(encode(draw(1700, 1600))))["hash_method"])
    assert "simplejpeg-" in method
    assert method.endswith("/luma/2")
    assert "kernels=numba" in method


def test_importing_the_room_loads_no_decoder() -> None:
    code = "import sys, curate.media; print({'numba','PIL','scipy','numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"


def test_jpeg_with_an_archive_behind_it_is_read_and_the_rest_counted(write: Write) -> None:
    picture, archive = encode(draw()), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("hidden.txt", "hello")
    row = probe_file(write(picture + archive.getvalue()))
    assert row["trailing_bytes"] == len(archive.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_bytes_behind_other_formats_are_counted_too(write: Write, kind: str) -> None:
    assert probe_file(write(encode(draw(), kind) + b"PK\3\4"))["trailing_bytes"] == 4


def chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_png_of_900_megapixels_is_a_bomb_before_it_is_decoded(write: Write) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(1_000_000))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    error = failure(write(data, "bomb.png"))
    assert error.reason_code is Reason.BOMB
    assert not error.detail.endswith(".")
    assert error.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_picture_over_the_limit_is_a_bomb_in_every_format(write: Write, kind: str) -> None:
    assert failure(write(encode(draw(), kind)), Limits(max_pixels=99)).reason_code is Reason.BOMB


def test_stray_bytes_between_segments_are_harmless(write: Write) -> None:
    data = encode(draw(1024, 768))
    at = data.find(b"\xff\xdb")
    row = probe_file(write(data[:at] + b"\x01\x02" + data[at:]))
    assert (row["width"], row["jpeg_quality"]) == (1024, 75)
    assert "pillow" in str(row["hash_method"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_file_is_an_error_with_its_digests(write: Write, kind, part) -> None:
    data = encode(draw(), kind)
    data = data[: int(len(data) * part)]
    error = failure(write(data))
    assert error.reason_code is Reason.TRUNCATED
    assert (error.sha256, error.byte_size) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize("data", [b"not a picture", b"PK\3\4zip", b"%PDF-1.7", bytes(100)])
def test_other_content_under_a_pictures_name_is_no_media(write: Write, data: bytes) -> None:
    assert failure(write(data)).reason_code is Reason.NOT_MEDIA


def test_known_format_that_is_not_read_is_unsupported(write: Write) -> None:
    assert failure(write(b"8BPS\0\1" + bytes(50))).reason_code is Reason.UNSUPPORTED


def test_jpeg_of_nothing_but_fill_bytes_is_corrupt(write: Write) -> None:
    assert failure(write(b"\xff\xd8" + b"\xff" * 1_000_000)).reason_code is Reason.CORRUPT


def test_exif_with_tags_that_claim_gigabytes_is_harmless(write: Write) -> None:
    tags = b"".join(struct.pack("<HHII", tag, 2, 0xFFFFFFF0, 64) for tag in range(300))
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 300) + tags + bytes(4)
    row = probe_file(write(encode(draw(), exif=block)))
    assert row["has_exif"] is True
    assert row["exif_orientation"] is None


def test_compressed_text_bomb_in_a_png_is_not_unpacked_into_memory(write: Write) -> None:
    text = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(100_000_000), 9))
    plain = encode(draw(), "PNG")
    path = write(plain[:33] + text + plain[33:])
    assert failure(path).reason_code is Reason.BOMB


def test_files_of_the_imagemeta_corpus_are_accounted_for(shared_data: Path) -> None:
    outcomes = {}
    for path in sorted((shared_data / "provenance" / "imagemeta").iterdir()):
        try:
            outcomes[path.name] = str(probe_file(path)["format"])
        except UnreadableError as error:
            outcomes[path.name] = str(error.reason_code)
    assert outcomes == {
        "huge_tag_exif.jpg": "corrupt",
        "infinite_loop_exif.jpg": "JPEG",
        "max_uint32_exif.jpg": "corrupt",
        "sunrise.avif": "AVIF",
        "sunrise.jpg": "JPEG",
        "sunrise.png": "PNG",
        "sunrise.webp": "WEBP",
        "sunrise_lossy.webp": "WEBP",
        "sunset.avif": "AVIF",
    }


def heic() -> bytes:
    """Return a small HEIC."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(draw(64, 48))).save(buffer)
    return buffer.getvalue()


SEEDS = {kind: encode(draw(40, 30), kind) for kind in FORMATS} | {
    "HEIF": heic(),
    "tagged": encode(draw(40, 30), exif=with_orientation(6), progressive=True),
}


@settings(max_examples=400)
@given(
    kind=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)), max_size=5),
    cut=st.none() | st.integers(0, 10**6),
    exact=st.booleans(),
)
def test_mutated_files_give_a_row_or_a_reason(tmp_path_factory, kind, edits, cut, exact) -> None:
    data = bytearray(SEEDS[kind])
    for at, piece in edits:
        at %= len(data)  # noqa: PLW2901
        data[at : at + len(piece)] = piece
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(data if cut is None else data[: cut % len(data)])
    try:
        row = probe_file(path, exact=exact, limits=Limits(max_pixels=1_000_000))
    except UnreadableError as error:
        assert error.sha256 is not None  # noqa: PT017
    else:
        assert row["width"]
