"""Kinds of hashes: one value each, from which all that computes, reads or compares them follows.

A kind of the bytes is computed while a file is read, kept in a column of its own name in
``content`` and ``sightings``, and compared with hash lists exactly. A kind of the looks is
computed from the decoded picture and compared by distance.

Kinds that hash lists hold and that nothing here computes stand beside them (`OTHER_KINDS`): what is
listed by these is not asked, and is told so.

To add a kind of the bytes, add its value here and its column to the two schemas. The probe, the
deny list, sealing, hash lists and `curate match` go by this list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class HashKind:
    """One kind of hash.

    Attributes:
        name: Its name in hash lists, settings and tables.
        title: What it is, for people: a noun phrase.
        size: Its length in bytes.
        of: What it is computed from: ``bytes``, ``picture`` or ``frame``.
        column: Its column in the table `table`.
        table: The table that keeps it.
        spellings: Other names that hash lists give it, in small letters and digits alone.
        listed: Whether hash lists may hold it.
        new: What makes a hash object of `hashlib`'s interface, for kinds of the bytes.
        radius: Largest distance in bits at which two are a match.
        near: Largest distance in bits at which a person decides.
        min_quality: Least quality, 0 to 100, at which one is believed.
        method: How it is computed, for kinds of the looks.
    """

    name: str
    title: str
    size: int
    of: str
    column: str
    table: str = "content"
    spellings: tuple[str, ...] = ()
    listed: bool = True
    new: Callable[[], Any] | None = field(default=None, compare=False)
    radius: int = 0
    near: int = 0
    min_quality: int = 0
    method: str = ""

    @property
    def exact(self) -> bool:
        """Whether two are the same or different, and never near."""
        return self.of == "bytes"


def _md5() -> Any:
    # Not for security: it is how lists name files.
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)


KINDS = (
    HashKind("md5", "the MD5 of the bytes", 16, "bytes", "md5", new=_md5,
             spellings=("hashmd5", "videomd5", "hashvideomd5")),
    HashKind("sha1", "the SHA-1 of the bytes", 20, "bytes", "sha1", new=_sha1,
             spellings=("hashsha1",)),
    HashKind("sha256", "the SHA-256 of the bytes", 32, "bytes", "sha256", new=hashlib.sha256,
             spellings=("hashsha256",)),
    HashKind("pdq", "the PDQ hash of a picture", 32, "picture", "pdq",
             spellings=("imagepdq", "hashpdq"), radius=31, near=40, min_quality=50,
             method="PDQ of the upright picture, in all eight flips and turns"),
    HashKind("vpdq", "the PDQ hash of a video's frame", 32, "frame", "pdq", table="frames",
             radius=31, near=31, min_quality=50,
             method="PDQ of sampled frames, compared as a bag"),
    HashKind("phash", "the pHash of a picture", 8, "picture", "phash", listed=False,
             method="imagehash.phash of the upright picture"),
    HashKind("dhash", "the dHash of a picture", 8, "picture", "dhash", listed=False,
             method="imagehash.dhash of the upright picture"),
)  # fmt: skip
BY_NAME: Mapping[str, HashKind] = {kind.name: kind for kind in KINDS}
BYTE_KINDS = tuple(kind for kind in KINDS if kind.exact)
LISTED_KINDS = tuple(kind for kind in KINDS if kind.listed)
# What lists hold by other names: no column keeps them, and nothing is compared by them.
OTHER_KINDS = (
    HashKind("photodna", "the PhotoDNA hash of a picture", 144, "picture", "",
             spellings=("hashphotodna", "pdna", "photodnahash")),
    HashKind("tmk", "the TMK+PDQF hash of a video", 0, "frame", "",
             spellings=("tmkpdqf", "hashtmk", "videotmk", "videotmkpdqf")),
    HashKind("sha512", "the SHA-512 of the bytes", 64, "bytes", "", spellings=("hashsha512",)),
    HashKind("sha384", "the SHA-384 of the bytes", 48, "bytes", "", spellings=("hashsha384",)),
    HashKind("sha224", "the SHA-224 of the bytes", 28, "bytes", "", spellings=("hashsha224",)),
    HashKind("netclean", "a hash of NetClean", 0, "bytes", ""),
    HashKind("ssdeep", "the ssdeep hash of the bytes", 0, "bytes", ""),
    HashKind("pixels", "a digest of the decoded pixels", 0, "picture", "",
             spellings=("md5pixels", "pixelmd5", "pixelhash", "pixeldigest", "sha256pixels",
                        "pixelsha256", "md5ofpixels", "md5decoded", "imagehash")),
)  # fmt: skip
PDQ = BY_NAME["pdq"]


@dataclass(frozen=True)
class Hashers:
    """Computes every kind of the bytes in one pass."""

    _running: Mapping[str, Any] = field(
        default_factory=lambda: {kind.name: kind.new() for kind in BYTE_KINDS if kind.new}
    )

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        for one in self._running.values():
            one.update(data)

    def digests(self) -> dict[str, str]:
        """Return the hash of what was taken so far, lowercase hex, by name of the kind."""
        return {name: one.hexdigest() for name, one in self._running.items()}


def byte_digests(data: bytes) -> dict[str, str]:
    """Return every kind of hash of some bytes, lowercase hex, by name of the kind.

    >>> sorted(byte_digests(b"a"))
    ['md5', 'sha1', 'sha256']
    """
    made = Hashers()
    made.update(data)
    return made.digests()
