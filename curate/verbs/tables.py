"""The tables that audits, walks and documents are made from: observations and statements."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog.damage import reading
from curate.catalog.derived import derived
from curate.catalog.digest import tables_digest
from curate.catalog.listings import changed_listings
from curate.catalog.uncompared import uncompared
from curate.catalog.views import read_entries, stored_as
from curate.engine.changed import changed
from curate.errors import DependencyError
from curate.model.names import names_of
from curate.schema import conform
from curate.verbs.names import merged_people

if TYPE_CHECKING:
    from curate.audit.apart import Spoken
    from curate.verbs.context import Context


def statements(context: Context, *, known_at: datetime | None = None) -> dict[str, pa.Table]:
    """Return the tables of statements an audit reads, each sorted by its key.

    Sources that entries name are joined with the registry of known datasets.

    Args:
        context: The workspace.
        known_at: The instant whose knowledge counts; now when None.
    """
    entries = context.catalog.connect("media")
    named = entries.execute("SELECT DISTINCT source_id FROM media").fetchall()
    return _statements(context, [source for (source,) in named], known_at, {})


def statements_about(context: Context, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the statements that bear on the entries of a neighbourhood, each sorted by its key.

    Args:
        context: The workspace.
        tables: The neighbourhood, as `curate.catalog.neighbourhood` gives it.
    """

    def values(*columns: tuple[str, str]) -> set[str]:
        found = (tables[name][column].drop_null().to_pylist() for name, column in columns)
        return {str(value) for some in found for value in some}

    people = values(("depictions", "subject_id"), ("identities", "subject_id"),
                    ("resemblances", "other_subject_id"),
                    ("identities", "unlike_subject_id"))  # fmt: skip
    everybody = merged_people(context)
    people = {name for one in people for name in names_of(everybody, one)}
    entries = values(("entries", "media_id"))
    only = {"consents": ("subject_id", people), "consent_events": ("subject_id", people),
            "subjects": ("subject_id", people), "decisions": ("media_id", entries)}  # fmt: skip
    found = _statements(context, tables["entries"]["source_id"].unique().to_pylist(), None, only)
    # What reviewers said of two faces names no entry.
    faces = values(("resemblances", "face_id"), ("resemblances", "other_face_id"))
    if faces:
        links = context.ledger.read("decisions", where=("face_id", faces))
        found["decisions"] = pa.concat_tables([found["decisions"], links])
    return found


def _statements(
    context: Context,
    sources: Iterable[str | None],
    known_at: datetime | None,
    only: Mapping[str, tuple[str, Collection[str]]],
) -> dict[str, pa.Table]:
    """Return the tables of statements; of those in `only`, records that have one of some values.

    The `sources` that entries name are joined with the registry of known datasets.
    """
    from curate.audit.facts import LEDGER_INPUTS
    from curate.audit.known_datasets import with_known

    read = {
        name: context.ledger.read(name, known_at=known_at, where=only.get(name))
        for name in LEDGER_INPUTS
    }
    return {**read, "sources": with_known(read["sources"], sources, known_at or context.clock())}


def observations(context: Context, *, assignment: str | None = None) -> dict[str, pa.Table]:
    """Return the catalogue's tables that an audit reads, each sorted by its key.

    Args:
        context: The workspace.
        assignment: Splits that were made, in the place of those declared.

    Raises:
        UnknownNameError: There is no such assignment.
    """
    from curate.audit.prepare import CATALOG_INPUTS
    from curate.verbs.split import read_assignment, with_splits

    catalog = context.catalog
    views = {"entries": read_entries(catalog), "changed": changed_rows(context)}
    views["stages"] = stages_now(context)
    views["uncompared"] = uncompared(catalog, views["stages"])
    tables = {n: catalog.read(n) for n in CATALOG_INPUTS if n not in views} | views
    if assignment is None:
        return tables
    return tables | with_splits(tables, read_assignment(catalog, assignment))


def stages_now(context: Context) -> pa.Table:
    """Return by which stage and model a scan must have been made to answer a question.

    The model of faces is the one that the stage ran with last under the settings as they are;
    where it never ran under them, no scan answers.
    """
    from curate.faces.stage import VERSION as FACES
    from curate.signals.beside import STAGE as BESIDE

    faces = {
        "stage": "faces",
        "mark": f"faces/{FACES}",
        "model_id": _last_model(context),
        "smallest_px": context.config.smallest_px,
    }
    searches = [
        {"stage": "signals", "mark": _reader(context)},
        {"stage": "signals-beside", "mark": BESIDE},
    ]
    return conform([faces, *searches], "stages")


def _reader(context: Context) -> str:
    """Return what reads statements here: nothing, where its packages are not installed."""
    from curate.signals.stage import stage_name
    from curate.signals.trust import read_anchors

    try:
        return stage_name(read_anchors(context.config.trust, context.workspace.root))
    except DependencyError:
        return ""


def _last_model(context: Context) -> str | None:
    rows = context.catalog.connect("runs").execute(
        "SELECT parameters FROM runs WHERE verb = 'run faces' AND status = 'done' "
        "ORDER BY started_at DESC, run_id DESC"
    )
    wanted = (context.config.analyzer, context.config.model)
    for (text,) in rows.fetchall():
        said = json.loads(text)
        if (said.get("analyzer"), said.get("path")) == wanted:
            return str(said["model"])
    return None


def changed_rows(context: Context) -> pa.Table:
    """Return what is not as it was written: rows of the view ``changed``.

    What datasets declare is held against the ledger each time, and never told from what is kept
    beside the tables: whoever edits a table can edit that as well.
    """
    with reading():
        listings = changed_listings(context.catalog, context.ledger)
    rows = [{"about": f"dataset {dataset}", "written_in": name}
            for dataset, names in listings.items() for name in names]  # fmt: skip
    return pa.concat_tables([changed(context.catalog), conform(rows, "changed")])


def facts(
    context: Context, *, known_at: datetime | None = None, assignment: str | None = None
) -> dict[str, pa.Table]:
    """Return the tables an audit reads, each sorted by its key.

    Args:
        context: The workspace.
        known_at: For statements: the instant whose knowledge counts; now when None.
        assignment: Splits that were made, in the place of those declared.
    """
    observed = observations(context, assignment=assignment)
    return observed | statements(context, known_at=known_at)


def prepared(
    context: Context,
    *,
    assignment: str | None = None,
    spoken: Spoken | None = None,
) -> tuple[dict[str, pa.Table], str]:
    """Return the catalogue prepared for audits, and the digest of what it was made from.

    Args:
        context: The workspace.
        assignment: As in `observations`.
        spoken: What is said of people and faces, as `curate.audit.facts.spoken_of` gives it.
    """
    from curate.audit.prepare import CATALOG_INPUTS, RECIPE, prepare

    if spoken is not None:
        others = context.catalog.load("resemblances")["other_subject_id"]
        spoken = spoken.about(others)
    if assignment is not None:
        with reading():
            tables = observations(context, assignment=assignment)
            return prepare(tables, spoken), tables_digest(tables)

    # What was changed is told from tables that audits do not read otherwise.
    not_as_written = changed_rows(context)

    def make() -> dict[str, pa.Table]:
        tables = observations(context)
        made = prepare(tables, spoken)
        return {**made, "digest": pa.table({"sha256": [tables_digest(tables)]})}

    with reading():
        # Where nobody said anything, what is kept serves those who do not ask as well.
        said = [] if spoken is None else spoken.tables()
        beside_it = [not_as_written, stages_now(context), *said]
        beside = repr([table.to_pylist() for table in beside_it])
    inputs = stored_as((*CATALOG_INPUTS, "compared_names"))
    made = derived(context.catalog, "facts", inputs, make, recipe=RECIPE, beside=beside)
    digest = made.pop("digest")["sha256"][0].as_py()
    return {**made, "changed": not_as_written}, digest
