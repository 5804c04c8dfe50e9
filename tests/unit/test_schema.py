"""Schemas: valid, documented, and agreed with by the code that names the same things."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from curate.audit.prepare import REQUIRED_ROLES
from curate.consent.coverage import _STATES, AUDIENCES, ROLE_OPERATIONS
from curate.consent.statements import STATES
from curate.errors import InvariantError
from curate.ingest.listing import TABLES
from curate.model.config import Config, UseProfile
from curate.model.verdict import Effect, Verdict
from curate.schema import (
    arrow_schema,
    arrow_type,
    conform,
    json_schema,
    key_of,
    problems,
    purpose_tree,
    resolved,
    resource_folder,
    schema_names,
    table_names,
)
from tests import factories

KEPT = (*table_names("delta"), *table_names("ledger"))


def properties(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property that a schema declares, those of objects within it included."""
    for name, child in spec.get("properties", {}).items():
        yield f"{path}{name}", child
        yield from properties(child, f"{path}{name}.")
    inner = spec.get("additionalProperties")
    if isinstance(inner, dict):
        yield from properties(inner, f"{path}*.")


def is_leaf(spec: dict[str, Any]) -> bool:
    """Return whether a property holds a value, and not further properties."""
    inner = spec.get("additionalProperties")
    return "properties" not in spec and not (isinstance(inner, dict) and "properties" in inner)


@pytest.mark.parametrize("name", schema_names())
def test_schema_is_valid(name: str) -> None:
    """Each file is a JSON Schema of 2020-12, under the id that its file name says."""
    schema = json_schema(name)

    Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"curate:{name}"
    assert schema["title"]
    assert schema["description"].endswith(".")


@pytest.mark.parametrize("name", schema_names())
def test_properties_are_described(name: str) -> None:
    """Whoever reads a schema learns what each field means; a reference brings its own words."""
    for path, spec in properties(json_schema(name)):
        assert spec.get("description") or "properties" in spec or "$ref" in spec, path


@pytest.mark.parametrize("name", schema_names())
def test_examples_are_valid(name: str) -> None:
    """Each field shows at least one value, and the schema accepts it."""
    leaves = [(path, spec) for path, spec in properties(json_schema(name)) if is_leaf(spec)]
    for path, declared in leaves:
        spec = resolved(declared)
        assert spec["examples"], path
        for example in spec["examples"]:
            instance: Any = example
            for part in reversed(path.split(".")):
                instance = {("use" if part == "*" else part): instance}
            wrong = [t for t in problems(instance, name) if "is a required property" not in t]
            assert wrong == []


@pytest.mark.parametrize("name", KEPT)
def test_kept_table_has_a_key_that_is_never_null(name: str) -> None:
    """Keys exist and are required: an upsert over a null key would double rows."""
    schema = json_schema(name)

    assert key_of(name)
    assert set(key_of(name)) <= set(schema["required"]) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", KEPT)
def test_arrow_schema_follows_the_declaration(name: str) -> None:
    """Columns stand in declared order, and only required ones refuse null."""
    schema = json_schema(name)

    derived = arrow_schema(name)

    assert derived.names == list(schema["properties"])
    assert {f.name for f in derived if not f.nullable} == set(schema["required"])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"type": "string"}, pa.string()),
        ({"type": "integer"}, pa.int64()),
        ({"type": "integer", "x-arrow": "int8"}, pa.int8()),
        ({"type": "number"}, pa.float64()),
        ({"type": "boolean"}, pa.bool_()),
        ({"type": "string", "x-arrow": "binary"}, pa.binary()),
        ({"type": "string", "format": "date-time"}, pa.timestamp("us", tz="UTC")),
        ({"type": "string", "format": "date"}, pa.date32()),
    ],
)
def test_arrow_type(spec: dict[str, Any], expected: pa.DataType) -> None:
    """Arrow types follow from type, format and narrowing."""
    assert arrow_type(spec) == expected


def test_list_values_are_called_element() -> None:
    """Parquet's name for a list's values, so that no cast is needed."""
    found = arrow_type({"type": "array", "items": {"type": "string"}})

    assert found.value_field.name == "element"
    assert found.value_type == pa.string()


def test_conform_orders_and_fills() -> None:
    """Rows get the declared columns in the declared order, null where they are silent."""
    table = conform([dict(reversed(factories.media().items()))], "media")

    assert table.schema.equals(arrow_schema("media"))
    assert table["split"].to_pylist() == [None]


def test_conform_casts_a_table() -> None:
    """A table with wider types and another order comes out as declared."""
    rows = pa.table({"assurance_level": pa.array([3], pa.int64())}).append_column(
        "consent_id", [["c1"]]
    )
    others = {k: [v] for k, v in factories.consent().items() if k not in rows.column_names}
    for name, values in others.items():
        rows = rows.append_column(name, pa.array(values))

    assert conform(rows, "consents").schema.equals(arrow_schema("consents"))


@pytest.mark.parametrize("form", ["rows", "table"])
def test_conform_refuses_an_unknown_column(form: str) -> None:
    """A column that no schema declares is not dropped quietly."""
    row = {**factories.subject(), "surname": "x"}
    rows = [row] if form == "rows" else pa.Table.from_pylist([row])

    with pytest.raises(InvariantError, match="surname"):
        conform(rows, "subjects")


@pytest.mark.parametrize("form", ["rows", "table"])
def test_conform_refuses_null_in_a_required_column(form: str) -> None:
    """A required column that is null, or not there at all, is an error."""
    row = factories.subject()
    del row["status"]
    rows = [row] if form == "rows" else pa.Table.from_pylist([row])

    with pytest.raises(InvariantError, match=r"subjects\.status holds null"):
        conform(rows, "subjects")


def test_unknown_schema_is_an_error() -> None:
    """A name that no file has is our own mistake."""
    with pytest.raises(InvariantError, match="nonsense"):
        json_schema("nonsense")


def test_unknown_resource_is_an_error() -> None:
    """So is a folder that was not shipped."""
    with pytest.raises(InvariantError, match="missing from this installation"):
        resource_folder("nonsense")


def test_problems_name_their_place() -> None:
    """Each problem says where in the document it is."""
    found = problems({"uses": {"u": {"purpose": "x", "operations": ["fly"]}}}, "config")

    assert len(found) == 1
    assert found[0].startswith("uses.u.operations[0]: 'fly' is not one of")


def test_purposes_are_a_tree() -> None:
    """Every purpose leads to the one root."""
    tree = purpose_tree()

    assert [name for name, parent in tree.items() if parent is None] == ["Purpose"]
    for name in tree:
        at: str | None = name
        for _ in range(len(tree)):
            at = None if at is None else tree[at]
        assert at is None, f"{name} stands below itself"


class TestAgreement:
    """Names that code and schema both spell."""

    roles: ClassVar = set(json_schema("depictions")["properties"]["role"]["enum"])
    manipulations: ClassVar = set(json_schema("media")["properties"]["manipulation_type"]["enum"])
    consents: ClassVar = json_schema("consents")["properties"]
    states: ClassVar = json_schema("consent_events")["properties"]["state"]["enum"]

    def test_states_of_a_consent_row(self) -> None:
        assert list(STATES) == json_schema("consent_row")["properties"]["state"]["enum"]
        assert set(STATES.values()) <= set(self.states)

    def test_states_that_coverage_orders(self) -> None:
        assert sorted(_STATES) == sorted(self.states)

    def test_operations_of_roles(self) -> None:
        kinds, roles, operations = map(set, zip(*ROLE_OPERATIONS, strict=True))
        assert kinds <= self.manipulations
        assert roles <= self.roles
        assert operations <= set(self.consents["operations"]["items"]["enum"])

    def test_required_roles(self) -> None:
        kinds, roles = map(set, zip(*REQUIRED_ROLES, strict=True))
        assert kinds <= self.manipulations
        assert roles <= self.roles

    def test_audiences(self) -> None:
        use = json_schema("config")["properties"]["uses"]["additionalProperties"]["properties"]
        row = json_schema("consent_row")["properties"]["audience"]
        assert self.consents["audience_max"]["enum"] == list(AUDIENCES)
        assert use["audience"]["enum"] == row["enum"] == list(AUDIENCES)

    def test_roles_and_manipulations_that_consents_name(self) -> None:
        granted = set(self.consents["roles_permitted"]["items"]["enum"])
        assert granted == self.roles - {"unknown"}
        permitted = self.consents["manipulations_permitted"]["items"]["enum"]
        assert set(permitted) == self.manipulations

    def test_effects_and_verdicts(self) -> None:
        findings = json_schema("findings")["properties"]["effect"]["enum"]
        verdicts = json_schema("verdicts")["properties"]["verdict"]["enum"]
        assert set(findings) == {str(e) for e in Effect}
        assert set(verdicts) == {str(v) for v in Verdict}

    def test_fields_of_a_use(self) -> None:
        declared = json_schema("config")["properties"]["uses"]["additionalProperties"]
        fields = {f.name for f in dataclasses.fields(UseProfile)} - {"name"}
        assert set(declared["properties"]) == fields

    def test_settings_have_a_field(self) -> None:
        sections = json_schema("config")["properties"]
        named = {f"{s}.{n}" for s, spec in sections.items() for n in spec.get("properties", {})}
        fields = {f.name for f in dataclasses.fields(Config)}
        words = {"ingest.real": "real_words", "ingest.fake": "fake_words",
                 "vault.key": "vault_key", "release.documents": "release_documents"}  # fmt: skip
        whole = {"purposes", "uses", "waivers", "clearance"}
        named = {name for name in named if not name.startswith("clearance.")}
        assert {words.get(n, n.split(".")[1]) for n in named} | whole == fields

    def test_tables_of_a_listing(self) -> None:
        assert set(TABLES) <= set(table_names("delta"))

    def test_factories_make_whole_rows(self) -> None:
        entry = factories.media()
        made = {
            "consents": factories.consent(),
            "consent_events": factories.event(factories.AS_OF),
            "subjects": factories.subject(),
            "media": entry,
            "sightings": factories.sighting(entry),
            "content": factories.content("0" * 64),
            "depictions": factories.depiction(entry),
            "labels": factories.label(entry),
            "verdicts": factories.verdict(entry),
        }
        for name, row in made.items():
            plain = json.loads(json.dumps(row, default=_text))
            assert problems(plain, name) == []


def _text(value: object) -> str:
    assert isinstance(value, datetime | date)
    return value.isoformat()
