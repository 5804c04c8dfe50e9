"""Every place in which a statement of use is looked for, and what is done there.

The page docs/signals.md has this table, and the tests put a refusal into each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal["in the file", "beside the entry", "in its folder or above", "in its manifest"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place.

    Attributes:
        name: What it is called.
        where: In the file or beside it.
        read: What is read there, and how.
        doubted: What leads to review there.
    """

    name: str
    where: Where
    read: str
    doubted: str


_IN: Where = "in the file"
_BESIDE: Where = "beside the entry"
_FOLDER: Where = "in its folder or above"
_MANIFEST: Where = "in its manifest"
PLACES: tuple[Place, ...] = (
    Place(
        "XMP",
        _IN,
        (
            "every packet of any size of file: as a block, by its bytes with any prefix, in "
            "UTF-16 and UTF-32, extended, packed, in EXIF, in Photoshop's resources"
        ),
        (
            "a packet that does not parse, has entities or more than 1 MiB; an unknown code; a "
            "field whose name speaks of use; words of use in any text, attribute or comment, in"
            " each language"
        ),
    ),
    Place(
        "EXIF",
        _IN,
        (
            "every block, every directory (further pages, SubIFDs), BigTIFF; texts in any code,"
            " GPS texts, titles of Windows"
        ),
        "words of use in any text; a directory or text outside of the block",
    ),
    Place(
        "IPTC",
        _IN,
        (
            "every record of every block: in Photoshop's resources, in TIFF, behind the end "
            "(AFCP, FotoStation)"
        ),
        "words of use in any text; a block that breaks off",
    ),
    Place(
        "comment",
        _IN,
        (
            "comments of JPEG (also between scans), GIF and PNM; texts of PNG with any keyword,"
            " packed, translated, as raw profiles"
        ),
        "words of use in any text; one that does not unpack",
    ),
    Place(
        "segment",
        _IN,
        (
            "segments, chunks and applications that no reader knows, profiles of colours, "
            "Photoshop's captions and addresses"
        ),
        "words of use in any Unicode",
    ),
    Place(
        "behind the end",
        _IN,
        "trailers, and further pictures with all that stands in them",
        "words of use in any text; more than 4 MiB",
    ),
    Place(
        "C2PA",
        _IN,
        (
            "every manifest and ingredient: training and mining, actions, source types, "
            "metadata, redactions"
        ),
        (
            "a record that its reader refuses; an assertion about use that is not known, or "
            "that was redacted; words of use in any text"
        ),
    ),
    Place(
        "bytes",
        _IN,
        "names of statements that no reader reached, whatever else was found",
        "each of them",
    ),
    Place(
        "film",
        _IN,
        "tags, chapters, subtitles, attached files, boxes and data of videos",
        "words of use in any text; what is no text and not known",
    ),
    Place(
        "NAME.json",
        _BESIDE,
        (
            "headers in any form and spelling at any depth, fields of metadata, licences, and "
            "all other values as text"
        ),
        "words of use in any text; headers that are not made out; no JSON",
    ),
    Place(
        "NAME.xmp",
        _BESIDE,
        "as XMP in the file, whatever the capitals, also with the file's ending before it",
        "as XMP in the file",
    ),
    Place(
        "NAME.c2pa",
        _BESIDE,
        "the record, held against the file",
        "as C2PA in the file",
    ),
    Place(
        "NAME.html",
        _BESIDE,
        (
            "meta elements of robots, agents, TDMRep and AIPREF, rel=license, JSON-LD, RSL, and"
            " the words that it shows"
        ),
        "words of use in any text; attributes that speak of use",
    ),
    Place(
        "NAME.*",
        _BESIDE,
        "any other file of its name: blocks of EXIF and IPTC, resource forks, texts",
        "words of use in any text; one of more than 1 MiB or of a kind that is not read",
    ),
    Place(
        "robots.txt",
        _FOLDER,
        "groups by RFC 9309, as people write them; Content-Usage, Content-Signal, License",
        (
            "an agent with a name of AI that is not listed; a rule for another path where the "
            "address is not known; comments that limit a use"
        ),
    ),
    Place(
        "ai.txt",
        _FOLDER,
        "as robots.txt, whichever agent it names",
        "as robots.txt",
    ),
    Place(
        "tdmrep.json",
        _FOLDER,
        "the first rule that matches, also in .well-known",
        "any other value than 0 and 1; a name that stands there twice",
    ),
    Place(
        "RSL",
        _FOLDER,
        "license.xml, rsl.xml and others: usages that are permitted and prohibited, payment",
        "conditions; usages that are not known",
    ),
    Place(
        "trust.txt",
        _FOLDER,
        "datatrainingallowed, with = or with a colon",
        "nothing more",
    ),
    Place(
        "llms.txt",
        _FOLDER,
        "its words",
        "words of use in any text",
    ),
    Place(
        "WARC",
        _FOLDER,
        "headers of the response that was, or whose address is, the entry",
        "a file that breaks off",
    ),
    Place(
        "licence or README",
        _FOLDER,
        (
            "licences that the whole file is, by name or by known text (MIT, Apache 2.0, CC0); "
            "licences that a README names; the words of a README, sentence by sentence"
        ),
        (
            "a file with the name of terms that is anything but a known licence, were it empty; "
            "words of use in a README, but for sentences that only describe a dataset"
        ),
    ),
    Place(
        "page",
        _FOLDER,
        "as NAME.html",
        "as NAME.html; its words as those of a README",
    ),
    Place(
        "file of no entry",
        _FOLDER,
        "its name and its words, up to 32 MiB; it is said that it belongs to nobody",
        "words of use, as in a README; one that is longer",
    ),
    Place(
        "column",
        _MANIFEST,
        "columns that nothing else reads, as text and as yes or no; its split and method",
        "words of use in any text; a no to a use, or a yes to its exclusion",
    ),
    Place(
        "name",
        _BESIDE,
        "names of the file and of each folder that it lies in, below the root",
        "words that refuse, in several languages; AI with a limit",
    ),
    Place(
        "records",
        _MANIFEST,
        "free texts of its source, and columns of consents that the settings keep",
        "words that may limit a use (SRC011, CON043)",
    ),
)
"""All places."""


def table() -> str:
    """Return the table of all places, for the documentation."""
    lines = ["| where | place | what is read | what leads to review |", "|---|---|---|---|"]
    lines += [f"| {one.where} | {one.name} | {one.read} | {one.doubted} |" for one in PLACES]
    return "\n".join(lines) + "\n"
