"""The card: README.md as the Hugging Face Hub reads it, front matter first.

Every number is counted. The licence is always ``other``, by name: that of the authors, or those
that items and their sources state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.report.datasheet.distribution import use_in_words
from curate.report.datasheet.sheet import Datasheet
from curate.report.facts import Facts
from curate.report.method import clearance
from curate.report.pages import render_markdown
from curate.report.words import Cell, Listing
from curate.report.written import Written

_TABLE = re.compile(r"(?P<folder>[^/]+(?:/[^/]+)?)/(?P<split>[^/]+)-\d{5}-of-\d{5}\.parquet")
ITEMS = "data"
# Folders of tables with the media in them, and what the Hub calls each; the first is the default.
_WITH_MEDIA = {"huggingface/image": "image", "huggingface/video": "video"}
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_PROMPT = (
    "These are faces of real people. Access is for the use named in this card. Say who you are, "
    "and accept the duties that come with the data."
)
_FIELDS = {
    "Name": "text",
    "Affiliation": "text",
    "Country": "country",
    "Intended use": "text",
    "I will not recognise the people shown or look for them elsewhere": "checkbox",
    "I will not make media that show them doing what they did not do": "checkbox",
    "I will delete the files that a withdrawal feed names and confirm the deletion": "checkbox",
}
# What the Hub's tasks call the training of detectors, by kind of media.
_TASKS = {"image": "image-classification", "video": "video-classification"}
# What the Hub calls the makers of labels. That reviewers are experts is not on record.
_ORIGINS = {"declared": "found", "derived": "machine-generated", "reviewed": "other"}
_TYPES = {"large_string": "string", "double": "float64", "float": "float32",
          "halffloat": "float16"}  # fmt: skip
_QUESTIONS = (7, 9, 12, 13, 18, 21, 29, 30, 33, 40, 41, 46, 53)


def tables_by_split(written: Written, folder: str = ITEMS) -> dict[str, list[str]]:
    """Return the tables of each split below a folder, as their names say."""
    found: dict[str, list[str]] = {}
    for file in sorted(written.files, key=lambda file: file.path):
        match = _TABLE.fullmatch(file.path)
        if match and match["folder"] == folder:
            found.setdefault(match["split"], []).append(file.path)
    return found


def _configs(written: Written) -> dict[str, dict[str, list[str]]]:
    """Return the tables of each configuration by split, the default one first."""
    found = {name: tables_by_split(written, folder) for folder, name in _WITH_MEDIA.items()}
    found["items"] = tables_by_split(written)
    return {name: tables for name, tables in found.items() if tables}


def card(facts: Facts, written: Written, sheet: Datasheet) -> str:
    """Return the card of a release: YAML front matter, and what a reader needs first.

    Args:
        facts: The tables.
        written: The data as they were written.
        sheet: The release's datasheet, whose answers are told again.
    """
    answers = {one.question.id: one for one in sheet.answers}
    authored = facts.inputs.authored
    body = render_markdown(
        "card.md.j2",
        inputs=facts.inputs,
        use=use_in_words(facts.inputs.use),
        title=authored.text_of("title") or facts.inputs.project,
        about=authored.about,
        version=written.version,
        formats=written.formats,
        answers=[answers[number] for number in _QUESTIONS],
        clearance=clearance(facts),
        items=_items(written),
    )
    return f"---\n{yaml(front_matter(facts, written))}---\n\n{body}"


def _items(written: Written) -> Listing:
    rows: list[tuple[Cell, ...]] = []
    for split, part in _parts(written):
        labels = part["label"] if "label" in part.column_names else pa.nulls(part.num_rows)
        real, fake = (pc.sum(pc.equal(labels.cast("string"), x)).as_py() or 0
                      for x in ("real", "fake"))  # fmt: skip
        rows.append((split, part.num_rows, real, fake))
    return Listing("Items by split", ("Split", "Items", "Real", "Fake"), tuple(rows))


def front_matter(facts: Facts, written: Written) -> dict[str, Any]:
    """Return the card's front matter: what the Hub searches, loads and asks by."""
    authored = facts.inputs.authored
    kinds = [row[0] for row in facts.rows("SELECT DISTINCT kind FROM described ORDER BY 1")]
    origins = [row[0] for row in facts.rows(
        "SELECT DISTINCT origin FROM labels SEMI JOIN described USING (media_id) ORDER BY 1"
    )]  # fmt: skip
    made = facts.count("SELECT count(*) FROM used_sources WHERE kind <> 'own_capture'")
    return {
        "pretty_name": authored.text_of("title") or facts.inputs.project,
        **({"language": list(authored.about["languages"])} if "languages" in authored.about
           else {}),
        **_licence(facts),
        "annotations_creators": sorted({_ORIGINS.get(origin, "other") for origin in origins})
        or ["no-annotation"],
        "source_datasets": ["extended" if made else "original"],
        "size_categories": [size_category(written.items.num_rows)],
        "task_categories": [_TASKS[kind] for kind in kinds if kind in _TASKS],
        "tags": ["deepfake-detection", "face", "consent-audited", "croissant",
                 *authored.about.get("keywords", ())],
        "extra_gated_prompt": str(authored.gate.get("prompt", _PROMPT)),
        "extra_gated_fields": dict(authored.gate.get("fields", _FIELDS)),
        "configs": [
            {
                "config_name": name,
                **({} if number else {"default": True}),
                "data_files": [{"split": _hub_split(split), "path": paths}
                               for split, paths in tables.items()],
            }
            for number, (name, tables) in enumerate(_configs(written).items())
        ],
        "dataset_info": [_info(written, name) for name in _configs(written)],
    }  # fmt: skip


def _licence(facts: Facts) -> dict[str, str]:
    authored = facts.inputs.authored
    name = authored.text_of("licence_name") or authored.text_of("licence")
    name = name or "-".join(stated_licences(facts)) or "not stated"
    found = {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", name.lower())}
    if url := authored.text_of("licence_url"):
        found["license_link"] = url
    return found


def stated_licences(facts: Facts) -> list[str]:
    """Return the licences that items or their sources state, and whether some state none."""
    rows = facts.rows("""
        SELECT DISTINCT coalesce(e.licence, s.licence, 'some not stated') AS stated
        FROM described e LEFT JOIN sources s USING (source_id) ORDER BY stated""")
    return [stated for (stated,) in rows]


def size_category(items: int) -> str:
    """Return the Hub's word for a number of items.

    >>> size_category(999), size_category(1000), size_category(2_000_000)
    ('n<1K', '1K<n<10K', '1M<n<10M')
    """
    names = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    above = sum(items >= size for size in _SIZES)
    if not above:
        return "n<1K"
    return f"{names[above - 1]}<n<{names[above]}" if above < len(names) else "n>1B"


def _hub_split(split: str) -> str:
    """Return a split as the Hub allows it: words joined by dots."""
    return re.sub(r"\W+", "_", split, flags=re.ASCII).strip("_") or "all"


def _parts(written: Written) -> Iterable[tuple[str, pa.Table]]:
    column = written.items["split"]
    for split in sorted(column.unique().to_pylist()):
        yield split, written.items.filter(pc.equal(column, split))


def _info(written: Written, config: str) -> dict[str, Any]:
    """Return sizes of one configuration; tables with media in them bring their own features."""
    tables, sizes = _configs(written)[config], {file.path: file.size for file in written.files}
    named = [(_hub_split(split), rows) for split, rows in _parts(written)]
    parts, splits = dict(named), []
    # Two splits whose names the Hub cannot tell apart: no number is better than a wrong one.
    told_apart = len(parts) == len(named) and all(_hub_split(split) in parts for split in tables)
    for split in tables if told_apart else ():
        rows = parts[_hub_split(split)]
        bytes_held = rows.nbytes
        if config != "items":
            rows = rows.filter(pc.equal(rows["kind"], config))
            bytes_held = sum(sizes[path] for path in tables[split])
        splits.append({"name": _hub_split(split), "num_bytes": bytes_held,
                       "num_examples": rows.num_rows})  # fmt: skip
    columns = [{"name": x.name, **_feature(x.type)} for x in written.items.schema]
    return {
        "config_name": config,
        **({"features": columns} if config == "items" else {}),
        **({"splits": splits} if splits else {}),
        "download_size": sum(sizes[path] for paths in tables.values() for path in paths),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return a column's type as the `datasets` library names it."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return {"list": _feature(kind.value_type)["dtype"]}
    if pa.types.is_timestamp(kind):
        zone = f", tz={kind.tz}" if kind.tz else ""
        return {"dtype": f"timestamp[{kind.unit}{zone}]"}
    return {"dtype": _TYPES.get(str(kind), str(kind))}


def yaml(value: Mapping[str, Any], indent: str = "") -> str:
    """Return a mapping as YAML: keys plain where they are words, texts always quoted.

    JSON's texts are YAML's double-quoted ones, so nothing in them can be taken for syntax.

    >>> print(yaml({"a": 1, "b": ["x: y"], "c": [{"d": True}]}), end="")
    a: 1
    b:
    - "x: y"
    c:
    - d: true
    """
    lines = []
    for key, item in value.items():
        name = key if re.fullmatch(r"[a-z][a-z_]*", key) else _scalar(key)
        if isinstance(item, Mapping) and item:
            lines.append(f"{indent}{name}:\n{yaml(item, indent + '  ')}")
        elif isinstance(item, list) and item:
            inner = "".join(_element(one, indent) for one in item)
            lines.append(f"{indent}{name}:\n{inner}")
        else:
            lines.append(f"{indent}{name}: {_scalar(item)}\n")
    return "".join(lines)


def _element(item: Any, indent: str) -> str:
    if not isinstance(item, Mapping):
        return f"{indent}- {_scalar(item)}\n"
    # The first key stands after the hyphen, the others below it.
    return f"{indent}- {yaml(item, indent + '  ').removeprefix(indent + '  ')}"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
