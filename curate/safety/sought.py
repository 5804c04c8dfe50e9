"""What somebody asks to have taken down, who has the picture, its hash or its address.

Nobody knows yet whether it is catalogued. A picture is compared as it is, with its edges cut away
by several amounts, since people send screenshots, with edges added, since they send crops, all
edges or one, and turned by up to ten degrees; each of them in all eight turns. What it is like is
told apart by how near it is: the same, or near, which somebody has to look at. A crop of more than
about a tenth may not be found. An address is compared with addresses on record: no picture is
recognised by it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.errors import InputError, PathNotFoundError
from curate.media.hash_kinds import PDQ
from curate.safety.entries import BYTES, EXACT, SCHEMA
from curate.safety.folder import hash_catalogue, hash_folder
from curate.safety.lists import HashList, ListInfo

if TYPE_CHECKING:
    from curate.catalog.tables import Catalog

# A hash of a kind: the name of the kind, and its bytes.
Hash = tuple[str, bytes]

# Shares of the shorter side by which each edge of a picture is moved in or out.
CUTS = (0.03, 0.06, 0.1, 0.15, 0.2)
# Which edges are moved, as top, bottom, left and right; one by itself no further than this.
_ALL = (1, 1, 1, 1)
_EACH = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
_FURTHEST = 0.1
# Degrees by which a picture is turned; PDQ bears about one degree more.
_ANGLES = (-10, -8, -6, -4, -2, 2, 4, 6, 8, 10)
# Pictures with moved edges are made no larger than this: perceptual hashes see 64 by 64.
_LARGEST = 1024


@dataclass(frozen=True)
class Sought:
    """What is sought.

    Attributes:
        hashes: What a deny list holds of it.
        cut: Hashes of the picture with its edges moved or turned, which are compared once.
        urls: Addresses at which it is, or was.
        by: What it is identified by: ``file``, ``byte_hash``, ``perceptual_hash``, ``url``.
    """

    hashes: frozenset[Hash] = frozenset()
    cut: frozenset[Hash] = frozenset()
    urls: frozenset[str] = frozenset()
    by: frozenset[str] = frozenset()


def sought(
    files: Iterable[Path] = (), hashes: Iterable[str] = (), urls: Iterable[str] = ()
) -> Sought:
    """Return what is sought, from files, hashes in hex and addresses.

    Args:
        files: Pictures or videos. They are read, and not kept.
        hashes: Hashes in hex, each of them told by its length, or as ``kind:hex``.
        urls: Addresses; see `address` for how they are compared.

    Raises:
        PathNotFoundError: A file is not there.
        InputError: A file cannot be read as a picture or video, or a hash is none.
    """
    exact, cut = set(map(_hash, hashes)), set[Hash]()
    by = {"byte_hash" if kind in EXACT else "perceptual_hash" for kind, _ in exact}
    files, urls = list(files), [url for url in map(str.strip, urls) if url]
    by |= {"file"} if files else set()
    by |= {"url"} if urls else set()
    for path in files:
        if not path.is_file():
            raise PathNotFoundError("no such file", where=str(path))
        own, edges = _of_file(path)
        exact |= own
        cut |= edges
    return Sought(frozenset(exact), frozenset(cut - exact), frozenset(urls), frozenset(by))


def find(
    wanted: Sought, catalog: Catalog, released: Collection[tuple[str, str, str]]
) -> dict[str, list[Any]]:
    """Return where it is: ``same`` and ``near``, ids of entries; ``released``, names and paths.

    Args:
        wanted: What is sought.
        catalog: The catalogue.
        released: Name of the release, path and SHA-256 of each file that went out.
    """
    same = _of_address(wanted.urls, catalog)
    near: set[str] = set()
    held = hash_catalogue(catalog)
    of_digest: dict[str, set[str]] = {}
    connection = catalog.connect("media", "sightings")
    for media, digest in connection.execute(
        "SELECT media_id, sha256 FROM sightings WHERE sha256 IS NOT NULL"
    ).fetchall():
        of_digest.setdefault(digest, set()).add(media)
    for hashes, closest in ((wanted.hashes, same), (wanted.cut, near)):
        if not hashes:
            continue
        for row in held.match([_list(hashes)]).matches.to_pylist():
            found = of_digest.get(held.digests[row["item"]], set())
            (closest if row["band"] == "match" else near).update(found)
    digests = {value.hex() for kind, value in wanted.hashes if kind == "sha256"}
    out = [(name, path) for name, path, digest in released if digest in digests]
    return {"same": sorted(same), "near": sorted(near - same), "released": sorted(out)}


def _of_address(urls: Collection[str], catalog: Catalog) -> set[str]:
    """Return the entries of which an address is on record: as their place, or in what is declared.

    What is declared of an entry beside the known columns is kept as JSON.
    """
    asked = set(map(address, urls))
    if not asked:
        return set()
    rows = catalog.read("media").select(["media_id", "root", "locator", "extra"]).to_pylist()
    return {
        row["media_id"] for row in rows
        if not asked.isdisjoint(map(address, (
            row["locator"], f"{row['root'] or ''}/{row['locator']}", *_texts(row["extra"])
        )))
    }  # fmt: skip


def address(url: str) -> str:
    """Return an address without what says nothing of where it leads.

    >>> address(" HTTP://Host.Example/x.jpg#top") == address("https://host.example/x.jpg")
    True
    """
    scheme, found, rest = url.strip().partition("#")[0].partition("://")
    if not found:
        return scheme.rstrip("/")
    host, slash, path = rest.partition("/")
    kind = scheme.lower()
    return f"{'https' if kind == 'http' else kind}://{host.lower()}{slash}{path}".rstrip("/")


def _texts(extra: str | None) -> Iterator[str]:
    """Yield every text within what is declared of an entry."""
    if not extra:
        return
    try:
        left = [json.loads(extra)]
    except ValueError:
        yield extra
        return
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value


def _hash(given: str) -> Hash:
    text = given.strip()
    kind, _, value = text.rpartition(":")
    kind = kind.strip().lower().replace("-", "")
    try:
        found = bytes.fromhex(value.strip())
    except ValueError:
        raise InputError(f"{text!r} is no hash in hex", where="--hash",
                         hint="give it as hex, or as KIND:HEX") from None  # fmt: skip
    kinds = [kind] if kind else ["sha256" if len(found) == BYTES["sha256"] else "", "md5", "sha1"]
    for name in kinds:
        if name in BYTES and len(found) == BYTES[name]:
            return name, found
    known = ", ".join(f"{name} ({size * 2} digits)" for name, size in BYTES.items())
    raise InputError(
        f"{text!r} is a hash of no known kind", where="--hash",
        hint=f"kinds are: {known}. A PDQ hash has as many digits as SHA-256: write pdq:HEX",
    )  # fmt: skip


def _of_file(path: Path) -> tuple[set[Hash], set[Hash]]:
    """Return the hashes of a file, and of its picture with its edges moved."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own").mkdir()
        (folder / "own" / f"0{path.suffix}").write_bytes(path.read_bytes())
        own = hash_folder(folder / "own", [])
        kinds = own.items["kind"].to_pylist()
        opened = kinds == ["video"] or (kinds == ["image"] and own.items["pdq"][0].is_valid)
        if own.unreadable or not opened:
            raise InputError("this cannot be read as a picture or video", where=str(path),
                             hint="name a picture or video, or its hash with --hash")  # fmt: skip
        cut: set[Hash] = set()
        if kinds == ["image"]:
            (folder / "cut").mkdir()
            with Image.open(path) as opened_picture:
                picture = opened_picture.convert("RGB")
            picture.thumbnail((_LARGEST, _LARGEST))
            shown = np.asarray(picture)
            for place, variant in enumerate(_variants(shown)):
                Image.fromarray(variant).save(folder / "cut" / f"{place}.png")
            cut = _perceptual(hash_folder(folder / "cut", []).items)
    exact = {
        (kind, bytes.fromhex(text))
        for kind in EXACT if kind in own.items.column_names
        for text in own.items[kind].to_pylist() if text is not None
    }  # fmt: skip
    return exact | _perceptual(own.items), cut


def _variants(shown: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield a picture with less around it, and with more: what was cut away is guessed at.

    All edges are moved at once, and then each by itself: people cut off a caption or a border.
    """
    height, width = shown.shape[:2]
    for share in CUTS:
        gone = round(min(height, width) * share)
        for sides in (_ALL, *(_EACH if share <= _FURTHEST else ())):
            top, bottom, left, right = (gone * side for side in sides)
            cut = shown[top : height - bottom, left : width - right]
            yield np.ascontiguousarray(cut)
            for mode in ("edge", "reflect"):
                yield np.pad(shown, ((top, bottom), (left, right), (0, 0)), mode=mode)
    yield from _turned(shown)


def _turned(shown: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield a picture turned by some degrees about its middle; its corners are guessed at."""
    from PIL import Image

    height, width = shown.shape[:2]
    border = round(max(height, width) / 6)
    around = Image.fromarray(
        np.pad(shown, ((border, border), (border, border), (0, 0)), mode="edge")
    )
    box = (border, border, border + width, border + height)
    for angle in _ANGLES:
        yield np.asarray(around.rotate(angle, Image.Resampling.BICUBIC).crop(box))


def _perceptual(items: pa.Table) -> set[Hash]:
    rows = items.select(["pdq", "pdq_quality"]).to_pylist()
    return {
        ("pdq", row["pdq"]) for row in rows
        if row["pdq"] is not None and (row["pdq_quality"] or 0) >= PDQ.min_quality
    }  # fmt: skip


def _list(hashes: Iterable[Hash]) -> HashList:
    now = datetime(2000, 1, 1, tzinfo=UTC)
    info = ListInfo("sought", "this workspace", "takedown", now, datetime(9999, 1, 1, tzinfo=UTC))
    plain = {"status": "active", "case_ref": "", "quality": 100, "video": -1}
    rows = [{"signal": kind, "value": value, **plain} for kind, value in sorted(hashes)]
    return HashList(info, pa.Table.from_pylist(rows, schema=SCHEMA))
