"""What exiftool writes of refusals, into files and beside them, is heard."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.signals.test_beside import put, restricts, told
from tests.unit.signals.test_everywhere import NO, WORDS, is_heard, saved

exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


def by_exiftool(folder: Path, kind: str, *arguments: str) -> bytes:
    """Return a picture that exiftool wrote into."""
    path = folder / f"a.{kind.lower()}"
    path.write_bytes(saved(kind))
    subprocess.run(["exiftool", "-q", "-overwrite_original", *arguments, str(path)], check=True)
    return path.read_bytes()


def _tags() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "JPEG", (f"-Comment={NO}",)
    yield "JPEG", (f"-AFCP:Caption-Abstract={NO}", f"-IPTC:Caption-Abstract={NO}")
    yield "JPEG", (f"-FotoStation:OriginalImageWidth=3", f"-IPTC:SpecialInstructions={NO}")  # noqa: F541
    yield "JPEG", (f"-Ducky:Comment={NO}",)
    yield "JPEG", (f"-Photoshop:URL=https://x.org/no-ai-training",)  # noqa: F541
    yield (
        "JPEG",
        (f"-XMP-xmpRights:UsageTerms-de={WORDS['de']}", "-XMP-xmpRights:UsageTerms=CC BY 4.0"),
    )
    yield "JPEG", (f"-XMP-plus:OtherConstraints={NO}",)
    yield "JPEG", (f"-EXIF:UserComment={WORDS['ja']}",)
    yield "JPEG", (f"-EXIF:XPComment={NO}",)
    yield "JPEG", (f"-GPS:GPSProcessingMethod={NO}",)
    yield "JPEG", (f"-IFD1:Copyright={NO}", "-IFD0:Artist=A")
    yield "JPEG", (f"-InteropIFD:RelatedImageFileFormat={NO}", "-IFD0:Artist=A")
    yield "JPEG", (f"-EXIF:ImageDescription={NO}", "-ExifByteOrder=MM")
    yield "JPEG", (f"-Trailer:Comment={NO}", f"-IPTC:Keywords={NO}", "-CodedCharacterSet=UTF8")
    yield "PNG", (f"-PNG:Disclaimer={NO}",)
    yield "PNG", (f"-PNG:Comment={WORDS['ja']}",)
    yield "PNG", (f"-EXIF:ImageDescription={NO}",)
    yield "PNG", (f"-IPTC:Caption-Abstract={NO}",)
    yield "PNG", (f"-XMP-plus:TermsAndConditionsText={NO}",)
    yield "GIF", (f"-Comment={NO}",)
    yield "GIF", (f"-XMP-dc:Rights={NO}",)
    yield "WEBP", (f"-EXIF:Copyright={NO}",)
    yield "WEBP", (f"-XMP-dc:Description-fr={WORDS['fr']}",)
    yield "TIFF", (f"-IFD0:ImageDescription={NO}",)
    yield "TIFF", (f"-IPTC:CopyrightNotice={NO}",)
    yield "TIFF", (f"-XMP-xmpRights:UsageTerms={NO}",)
    yield "TIFF", (f"-Photoshop:CopyrightFlag=True", f"-IPTC:Headline={NO}")  # noqa: F541
    yield "PPM", (f"-Comment={NO}",)


@exiftool
@pytest.mark.parametrize(
    "tags", list(_tags()), ids=lambda one: f"{one[0]} {one[1][0].split('=')[0]}"
)
def test_what_exiftool_writes_is_heard(tmp_path: Path, tags: tuple[str, tuple[str, ...]]) -> None:
    assert is_heard(by_exiftool(tmp_path, tags[0], *tags[1]))


@exiftool
def test_sidecars_of_exiftool_are_heard(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", by_exiftool(tmp_path, "JPEG", f"-IPTC:Caption-Abstract={NO}"))
    for name, arguments in (
        ("a.xmp", ("-tagsfromfile", str(tmp_path / "a.jpeg"), "-xmp:all<iptc:all")),
        ("a.exv", ("-tagsfromfile", str(tmp_path / "a.jpeg"), "-iptc:all")),
        ("a.mie", ("-tagsfromfile", str(tmp_path / "a.jpeg"), "-iptc:all")),
    ):
        subprocess.run(["exiftool", "-q", *arguments, "-o", str(tmp_path / name),
                        str(tmp_path / "a.jpeg")], check=False)  # fmt: skip
        if (tmp_path / name).exists():
            assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"]), name
            (tmp_path / name).unlink()
