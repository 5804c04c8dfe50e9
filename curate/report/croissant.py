"""Croissant 1.1 with RAI: what the release holds, for machines that load and search datasets.

Each item table is a file with its SHA-256 and a record set over its columns. Media that lie
beside are file sets, and tar shards files with a file set in each; the item tables have every
medium's SHA-256.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from curate.model.files import FileDigest
from curate.model.ids import stable_id
from curate.report.card import stated_licences, tables_by_split
from curate.report.datasheet.sheet import Datasheet
from curate.report.facts import Facts
from curate.report.policy import duo_terms, offer
from curate.report.responsible import provenance, responsible
from curate.report.vocabulary import purpose_words
from curate.report.words import day, listed, number
from curate.report.written import Written
from curate.schema import problems

Node = dict[str, Any]

CONFORMS = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"

# Without `containedIn` readers validate the file and find no record in an archive.
CONTEXT: Node = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract",
            "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray",
            "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
            "subField", "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "curate": "urn:curate:",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "dpv": "https://w3id.org/dpv#",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip

_DATA_TYPES = (
    (pa.types.is_boolean, "sc:Boolean"),
    (pa.types.is_integer, "sc:Integer"),
    (pa.types.is_floating, "sc:Float"),
    (pa.types.is_string, "sc:Text"),
    (pa.types.is_large_string, "sc:Text"),
    (pa.types.is_timestamp, "sc:DateTime"),
    (pa.types.is_date, "sc:Date"),
)
_PARQUET = "application/x-parquet"
_COLUMNS = {
    "media_id": "The item's id in the catalogue it was released from.",
    "sha256": "SHA-256 of the medium as it lies in the release.",
    "path": "The file below the release's folder.",
    "label": "Whether the item is declared, derived or reviewed to be real or fake.",
    "split": "The split the item belongs to.",
    "dataset": "The dataset of the catalogue that the item was listed in.",
    "method": "The method of manipulation, as declared.",
    "manipulation_type": "The kind of manipulation, as declared.",
    "source_id": "The source of the item.",
    "licence": "The licence that the item's listing declares.",
    "kind": "Whether the item is a picture or a video.",
    "format": "The file format.",
    "width": "The width in pixels.",
    "height": "The height in pixels.",
    "byte_size": "The size of the file in bytes.",
    "frame_of": "The item of which this one is a frame.",
    "taken_out": "Parts of the file that nobody looked at and that were taken out.",
}


def croissant(facts: Facts, written: Written, sheet: Datasheet) -> Node:
    """Return a release as Croissant JSON-LD.

    Args:
        facts: The tables.
        written: The data as they were written.
        sheet: The release's datasheet, whose answers RAI's properties tell.
    """
    inputs, authored = facts.inputs, facts.inputs.authored
    name = str(written.facts.get("name") or inputs.project)
    title = authored.text_of("title") or inputs.project
    identity = f"urn:uuid:{stable_id('release', inputs.project, name, inputs.audit)}"
    makers = authored.about.get("creators") or [authored.text_of("publisher") or inputs.project]
    published = authored.text_of("published_on") or f"{inputs.as_of:%Y-%m-%d}"
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": identity,
        "conformsTo": [CONFORMS, RAI],
        "name": _plain_name(f"{title} {name}" if name != title else title),
        "description": authored.text_of("description") or _description(facts, written),
        "license": _licence(facts),
        "url": authored.text_of("url") or identity,
        "creator": [{"@type": "sc:Organization", "name": maker} for maker in makers],
        **({"publisher": {"@type": "sc:Organization", "name": authored.text_of("publisher")}}
           if authored.text_of("publisher") else {}),
        "datePublished": published,
        "dateCreated": f"{inputs.as_of:%Y-%m-%d}",
        "version": written.version,
        "isLiveDataset": False,
        "keywords": ["deepfake detection", "faces", "consent",
                     *authored.about.get("keywords", ())],
        "citeAs": authored.text_of("citation")
        or f"{listed(makers)} ({published[:4]}). {title}, version {written.version}.",
        **({"sameAs": f"https://doi.org/{doi}"} if (doi := authored.text_of("doi")) else {}),
        "usageInfo": [*duo_terms(inputs.use), offer(facts)],
        **provenance(facts),
        **responsible(facts, sheet),
        "distribution": _distribution(written),
        "recordSet": _record_sets(written),
    }  # fmt: skip


def croissant_problems(document: object) -> list[str]:
    """Return what Croissant 1.1 requires and a document lacks, each with its path."""
    return problems(document, "croissant")


def _plain_name(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _description(facts: Facts, written: Written) -> str:
    use = facts.inputs.use
    n = written.items.num_rows
    items = number(n, "picture or video of faces", "pictures or videos of faces")
    cleared = "which was cleared" if n == 1 else "each of which was cleared"
    return (
        f"{items}, {cleared} for {purpose_words(use.purpose)} by an audit of consent and "
        f"curation as of {day(facts.inputs.as_of)}."
    )


def _licence(facts: Facts) -> str:
    authored = facts.inputs.authored
    return (
        authored.text_of("licence_url")
        or authored.text_of("licence")
        or listed(stated_licences(facts))
        or "Not stated"
    )


def _distribution(written: Written) -> list[Node]:
    tables = {path for paths in tables_by_split(written).values() for path in paths}
    found: list[Node] = []
    for file in sorted(written.files, key=lambda file: file.path):
        if file.path in tables:
            found.append(_file(file, _PARQUET, "Item table of one split."))
        elif file.path.endswith(".parquet"):
            found.append(_file(file, _PARQUET, "Table of another format of the same items."))
        elif file.path.endswith(".json"):
            found.append(_file(file, "application/json", "Index of the same items."))
        elif file.path.endswith(".tar"):
            found.append(_file(file, "application/x-tar", "WebDataset shard."))
            found.append({
                "@type": "cr:FileSet",
                "@id": f"{file.path}/media",
                "name": f"{file.path}/media",
                "description": "The members of the shard, each item's under one key.",
                "containedIn": {"@id": file.path},
                "encodingFormat": "application/octet-stream",
                "includes": "*",
            })  # fmt: skip
    found += [
        {
            "@type": "cr:FileSet",
            "@id": folder,
            "name": folder,
            "description": "Media; the item tables have the path and SHA-256 of each.",
            "encodingFormat": mime,
            "includes": f"{folder}/*",
        }
        for folder, mime in _folders(written).items()
    ]
    return found


def _file(file: FileDigest, mime: str, description: str) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": description,
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": mime,
        "sha256": file.sha256,
    }


_MIMES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
          ".mp4": "video/mp4", ".gif": "image/gif", ".avif": "image/avif"}  # fmt: skip


def _folders(written: Written) -> dict[str, str]:
    """Return folders of media, each with its files' type, or a general one where they differ."""
    mimes: dict[str, set[str]] = {}
    for file in written.files:
        path = PurePosixPath(file.path)
        if mime := _MIMES.get(path.suffix.lower()):
            mimes.setdefault(str(path.parent), set()).add(mime)
    return {
        folder: next(iter(found)) if len(found) == 1 else "application/octet-stream"
        for folder, found in sorted(mimes.items())
        if folder != "."
    }


def _record_sets(written: Written) -> list[Node]:
    by_split = tables_by_split(written)
    splits = {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [{"@type": "cr:Field", "@id": "splits/name", "name": "name",
                   "dataType": "sc:Text"}],
        "data": [{"splits/name": split} for split in by_split],
    }  # fmt: skip
    return [
        splits,
        *(
            _record_set(written, f"items-{split}" + (f"-{n}" if n else ""), path)
            for split, paths in by_split.items()
            for n, path in enumerate(paths)
        ),
    ]


def _record_set(written: Written, name: str, table: str) -> Node:
    fields: list[Node] = []
    for column in written.items.schema:
        kind = next((word for fits, word in _DATA_TYPES if fits(column.type)), None)
        if kind is None:
            continue
        fields.append({
            "@type": "cr:Field",
            "@id": f"{name}/{column.name}",
            "name": column.name,
            "description": _COLUMNS.get(column.name, f"The column {column.name}."),
            "dataType": kind,
            "source": {"fileObject": {"@id": table}, "extract": {"column": column.name}},
        })  # fmt: skip
    found: Node = {"@type": "cr:RecordSet", "@id": name, "name": name,
                   "description": f"The rows of {table}.", "field": fields}  # fmt: skip
    if "sha256" in written.items.column_names:
        found["key"] = {"@id": f"{name}/sha256"}
    return found
