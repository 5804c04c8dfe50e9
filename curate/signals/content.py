"""Everything that the bytes of one file say: all readers, what they contradict, and the sum.

Whatever stands in the bytes and is reached by no reader is told as unreadable: a refusal in a
record whose container was damaged is still a refusal that somebody wrote.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO

from curate.signals import blocks, c2pa, exif, films, iptc, walks, words, xmp
from curate.signals.blocks import Blocks
from curate.signals.conflicts import rights_conflicts, use_conflicts
from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.iptc import Rights
from curate.signals.normal import Uses, together
from curate.signals.words import Text, quoted, spoken

# The tail that all content types of JUMBF share (ISO 19566-5), and what its assertions are called.
JUMBF = (b"\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq", b"c2pa.assertions", b"training-mining")
MAY_BE_C2PA = (b"jumb", b"c2pa", b"C2PA")
_REFUSED = b"notAllowed"
REFUSALS = (_REFUSED, b"DMI-PRO", b"DataMining", b"reservation", b"noimageai")


@dataclass(frozen=True)
class Read:
    """What one content says.

    Attributes:
        signals: All statements.
        c2pa_state: As `signal_scans.c2pa_state` has it.
        c2pa_codes: Failures at any depth, sorted.
        uses: The strictest of all statements.
        tool: What read it.
    """

    signals: list[Signal]
    c2pa_state: str
    c2pa_codes: tuple[str, ...]
    uses: Uses
    tool: str


@cache
def tools() -> str:
    """Return what reads contents, with versions.

    Raises:
        DependencyError: c2pa-python is not installed.
    """
    return f"{c2pa.tool()}; {xmp.tool()}; {exif.TOOL}; {iptc.TOOL}; {words.TOOL}; {films.tool()}"


def read_picture(
    data: bytes, mime: str, *, digest: str = "", trust: str = "", film: Blocks | None = None
) -> Read:
    """Return what the bytes of a picture or video say.

    Args:
        data: The file.
        mime: Its media type, from its content.
        digest: Its SHA-256, where it is known.
        trust: Certificates of trusted signers, PEM.
        film: What was taken from the container of a video.
    """
    digest = digest or digest_of(data)
    if film is None:
        found = walks.find_blocks(data)
    else:
        found = film
        found.rest = data
        blocks.add_packets(found, blocks.packets(data))
    signals, links = _metadata(found, digest)
    may_be = any(mark in found.rest for mark in MAY_BE_C2PA)
    record = _c2pa(io.BytesIO(data) if may_be else None, mime, links, digest, trust)
    signals += record.signals
    signals += _unreached(found, record, digest)
    return _summed(signals, record, digest)


def read_pieces(
    packets: list[bytes],
    stream: IO[bytes] | None,
    mime: str,
    *,
    digest: str,
    trust: str = "",
    film: Blocks | None = None,
) -> Read:
    """Return what a file says that is not held in memory, such as a video.

    Args:
        packets: The XMP packets that stand in it.
        stream: The file at its beginning, where it may hold a C2PA record.
        mime: Its media type.
        digest: Its SHA-256.
        trust: Certificates of trusted signers, PEM.
        film: What was taken from the container of a video.
    """
    found = film or Blocks()
    blocks.add_packets(found, packets)
    signals, links = _metadata(found, digest)
    record = _c2pa(stream, mime, links, digest, trust)
    signals += record.signals
    if stream is not None and record.state == "none":
        signals += [_lost("C2PA manifest store", digest)]
    return _summed(signals, record, digest)


def _summed(signals: list[Signal], record: c2pa.Record, digest: str) -> Read:
    signals += list(use_conflicts(signals, digest))
    uses = together([one.uses for one in signals if one.uses is not None])
    return Read(signals, record.state, record.codes, uses, tools())


_MOST_BLOCKS = 64


def _metadata(found: Blocks, digest: str) -> tuple[list[Signal], list[str]]:
    """Return what XMP, EXIF and IPTC say, and where XMP says that provenance lies."""
    signals: list[Signal] = []
    rights: dict[str, Rights] = {}
    free: list[Text] = []
    for depth, block in enumerate(found.exif):
        # Previews have blocks of their own, and so on.
        if depth == _MOST_BLOCKS:
            found.problems.append(("EXIF", f"more than {_MOST_BLOCKS} blocks"))
            break
        said, stated, inside, texts = exif.read_exif(block)
        signals += said
        free += texts
        rights.setdefault("exif", stated)
        found.iptc += inside.iptc
        blocks.add_packets(found, inside.xmp)
        for preview in inside.pictures:
            found.join(walks.find_blocks(preview, depth + 1))
        for resources in inside.photoshop:
            blocks.take_photoshop(resources, found)
    for block in found.iptc:
        said, stated = iptc.read_iptc(block)
        signals += said
        rights.setdefault("iptc", stated)
    links: list[str] = []
    for packet in found.xmp:
        said, pointed = xmp.read_xmp(packet)
        signals += said
        links += pointed
    rights["xmp"] = Rights(_value(signals, "dc:creator"), _value(signals, "dc:rights"))
    first = found.iptc[0] if found.iptc else None
    signals += rights_conflicts(rights, first, found.iptc_digest, digest)
    for name in found.texts:
        place = f"PNG text {name}"
        signals.append(Signal("ai_system", "file", place, digest, "curate", generative=True))
        if quoted(found.texts[name]):
            # A prompt may name people: that it speaks of use is told, and not what it says.
            why = "words about use, training or consent, in a text that is not kept"
            signals.append(unreadable("file", place, why, digest=digest, tool=words.TOOL))
    free += found.words
    free += [text for block in found.iptc for text in iptc.read_texts(block)]
    free += [text for packet in found.xmp for text in xmp.read_texts(packet)]
    # Terms are told as such; their words are not told twice.
    known = {one.value for one in signals if one.kind == "terms"}
    once = (text for text in dict.fromkeys(free) if text.words not in known)
    signals += spoken(once, digest=digest, tool=words.TOOL)
    for place, why in found.problems:
        signals.append(unreadable("file", place, why, digest=digest, tool="curate"))
    return signals, links


def _value(signals: list[Signal], place: str) -> str | None:
    return next((one.value for one in signals if one.place == place and one.value), None)


def _c2pa(
    stream: IO[bytes] | None, mime: str, links: list[str], digest: str, trust: str
) -> c2pa.Record:
    record = c2pa.Record("none")
    if stream is not None:
        record = c2pa.read_c2pa(stream, mime, digest=digest, trust=trust)
    if record.state != "none" or not links:
        return record
    # A record elsewhere is never fetched; one that was in the file was taken out of it.
    remote = [link for link in links if link.strip().lower().startswith(("http:", "https:"))]
    state = "remote_unread" if remote else "stripped"
    told = Signal("c2pa_state", "xmp", "dcterms:provenance", digest, xmp.tool(), value=state,
                  codes=tuple(links))  # fmt: skip
    return c2pa.Record(state, signals=[told])


def _unreached(found: Blocks, record: c2pa.Record, digest: str) -> Iterator[Signal]:
    """Yield what stands in the bytes and was reached by no reader, whatever others found."""
    is_read = record.state not in {"none", "stripped"}
    if not is_read and any(mark in found.rest for mark in JUMBF):
        yield _lost("C2PA manifest store", digest)
    marks = [mark for mark in REFUSALS if mark in found.rest]
    if not marks:
        return
    left = found.rest
    for piece in sorted((*found.xmp, *found.exif, *found.iptc, *found.taken), key=len)[::-1]:
        left = left.replace(piece, b"") if piece else left
    for mark in marks:
        # A record that is read stands in boxes, which not every walk takes out.
        refused = sum((one.value or "").startswith("notAllowed") for one in record.signals)
        if mark != _REFUSED or not is_read:
            is_lost = mark in left
        else:
            is_lost = found.rest.count(mark) > refused
        if is_lost:
            yield _lost(mark.decode("ascii"), digest)


def _lost(place: str, digest: str) -> Signal:
    why = "it stands in the file, where no reader finds it"
    return unreadable("file", place, why, digest=digest, tool="curate")
