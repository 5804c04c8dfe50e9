"""Every rule, by its cases: a folder for each world in which it must or must not speak."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from curate.audit.explain import explain_rule
from curate.audit.judge import audit
from curate.audit.rule import FAMILIES, Rule, placeholders
from curate.audit.rules import ALL_RULES, BY_CODE, EVERY_RULE, check_waivers
from curate.audit.sarif import sarif
from curate.audit.waivers import LONGEST
from curate.errors import ConfigError
from curate.model.config import Waiver, parse_config
from curate.model.verdict import Effect
from curate.schema import conform
from curate.version import __version__
from tests.worlds import AS_OF, load_world

CASES = Path(__file__).parents[2] / "cases"
# Rules on documents have their cases tried beside what asks them, in tests/unit/report.
FOLDERS = sorted(
    path.parent for path in CASES.glob("*/*/*/world.toml") if path.parts[-4][:3] != "DOC"
)

# One of each rule, for what costs another audit.
FIRST_FAILING = set(
    {folder.parts[-3]: folder for folder in FOLDERS if folder.parts[-2] == "fail"}.values()
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: "/".join(f.parts[-3:]))
def test_rule_speaks_where_its_case_says_so_and_nowhere_else(folder: Path, tmp_path: Path) -> None:
    """A fail case names the entries that the rule must find; a pass case finds none.

    Nor does the order of rows show; of all rules together `test_properties` asks it.
    """
    world = load_world(folder, tmp_path)
    rule = BY_CODE[folder.parts[-3]]

    rules = ALL_RULES if world.all_rules else [rule]
    judged = audit(world.tables, rules, world.question)
    found = [row for row in judged.findings.to_pylist() if row["code"] == rule.code]

    assert sorted({world.locator(row["media_id"]) for row in found}) == world.expect
    assert (folder.parts[-2] == "fail") == bool(world.expect)
    for row in found:
        said = rule.say(json.loads(row["params"]))
        assert "unknown" not in said or "unknown" in row["params"], said
        assert set(placeholders(rule.message)) <= set(json.loads(row["params"]))
    if folder in FIRST_FAILING:
        again = audit(_turned(world.tables), rules, world.question)
        assert judged.findings.equals(again.findings)
        assert judged.verdicts.equals(again.verdicts)


def _turned(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return tables with their rows in the opposite order, which must show nowhere."""
    return {
        name: table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))
        for name, table in tables.items()
    }


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.code)
def test_every_rule_has_a_pass_and_a_fail_case(rule: Rule) -> None:
    """A rule without a case that it fails may never have worked."""
    assert list((CASES / rule.code / "pass").glob("*/world.toml"))
    assert list((CASES / rule.code / "fail").glob("*/world.toml"))


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.code)
def test_every_rule_explains_itself(rule: Rule) -> None:
    """What a person reads about a rule is whole sentences, with a basis and a remedy."""
    told = "\n".join(explain_rule(rule))

    assert rule.title.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.explanation.endswith(".")
    assert rule.family in FAMILIES
    assert rule.basis in told
    assert rule.remedy in told


def test_codes_and_symbols_are_unique_and_in_order() -> None:
    """A code is never used twice, and lists read in the order of codes."""
    codes = [rule.code for rule in EVERY_RULE]

    assert codes == sorted(set(codes))
    assert len({rule.symbol for rule in EVERY_RULE}) == len(codes)


def test_no_case_is_for_a_rule_that_does_not_exist() -> None:
    """Cases are named by rules' codes."""
    assert {folder.parts[-3] for folder in FOLDERS} <= set(BY_CODE)


def test_sarif_lists_each_finding_with_its_place_and_level(tmp_path: Path) -> None:
    """A finding that blocks is an error at the entry's path."""
    world = load_world(CASES / "CON002" / "fail" / "withdrawn", tmp_path)
    rule = BY_CODE["CON002"]
    findings = audit(world.tables, [rule], world.question).findings
    media = findings["media_id"][0].as_py()

    places = {media: ("faces", "a b.jpg")}
    log = sarif(findings, places, use="case", as_of=AS_OF, roots={"faces": "/data/my faces"})

    (made,) = log["runs"]
    (result,) = made["results"]
    assert (result["ruleId"], result["level"]) == ("CON002", "error")
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "a%20b.jpg", "uriBaseId": "faces"}
    assert made["originalUriBaseIds"]["faces"]["uri"] == "file:///data/my%20faces/"
    assert made["tool"]["driver"]["version"] == __version__
    assert made["invocations"][0]["arguments"] == [
        "audit", "--use", "case", "--as-of", "2026-05-01T00:00:00Z"
    ]  # fmt: skip
    assert rule.effect is Effect.BLOCK


def test_sarif_lists_the_worst_and_counts_the_others() -> None:
    """Code hosts take so many results and drop the rest: what is left out is told in the log."""
    rows = [
        {"run_id": "r", "finding_id": f"{n:032x}", "code": code, "media_id": f"m{n}",
         "effect": effect, "params": "{}"}
        for n, (code, effect) in enumerate(
            [("DUP001", "none")] * 3 + [("MED001", "review")] * 3 + [("CON002", "block")] * 2
        )
    ]  # fmt: skip
    (made,) = sarif(conform(rows, "findings"), {}, use="case", as_of=AS_OF, most=4)["runs"]

    assert [one["ruleId"] for one in made["results"]] == ["CON002"] * 2 + ["MED001"] * 2
    assert made["properties"]["findings"] == 8
    assert made["properties"]["resultsLeftOutByRule"] == {"DUP001": 3, "MED001": 1}
    (note,) = made["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("4 findings are not listed here")
    # Nothing is told of where media lie unless it is asked for.
    assert "uri" not in json.dumps(made["originalUriBaseIds"])


def test_sarif_tells_a_waiver_as_a_suppression() -> None:
    """It was answered for, and is no open finding of a code host."""
    row = {
        "run_id": "r", "finding_id": "0" * 32, "code": "MED001", "media_id": "m",
        "effect": "review", "params": "{}", "waiver": "anna until 2027-01-01: known",
    }  # fmt: skip
    (made,) = sarif(conform([row], "findings"), {}, use="case", as_of=AS_OF)["runs"]

    assert made["results"][0]["suppressions"] == [
        {"kind": "external", "justification": "anna until 2027-01-01: known"}
    ]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("XYZ001", "no rule is called 'XYZ001'"),
        ("CON002", "blocks, and nobody waives"),
        ("CON025", "doubts a consent, which nobody waives"),
        ("DUP005", "doubts a consent, which nobody waives"),
        *(
            (rule.code, "asks whether anybody looked")
            for rule in ALL_RULES
            if rule.effect is not Effect.BLOCK
            and (
                rule.family in ("IDN", "MED")
                or rule.code in ("DEP001", "DEP002", "DEP003", "DEP004", "DEP008")
            )
        ),
        *(
            (rule.code, "is about hash lists, which nobody waives")
            for rule in ALL_RULES
            if rule.family == "HSH" and rule.effect is not Effect.BLOCK
        ),
    ],
)
def test_waiver_that_cannot_hold_is_refused(code: str, problem: str) -> None:
    """A waiver that cannot hold is an error, and not silently without effect."""
    waiver = Waiver(code, "why not", ("r.meyer",), datetime(2030, 1, 1, tzinfo=UTC))

    with pytest.raises(ConfigError, match=problem):
        check_waivers([waiver], where="curate.toml")


def test_a_waiver_ends_within_a_year() -> None:
    """Counted from the audit."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    check_waivers([Waiver("DUP001", "x", ("ana",), now + LONGEST)], where="", now=now)
    late = Waiver("DUP001", "x", ("ana",), now + LONGEST + timedelta(seconds=1))
    with pytest.raises(ConfigError, match="more than a year ahead"):
        check_waivers([late], where="curate.toml", now=now)


def test_waivers_of_everything_for_ever_by_one_person_are_refused() -> None:
    """As they once cleared a whole catalogue of faces that nobody had accounted for."""
    given = parse_config(
        "\n".join(
            f'[[waivers]]\ncode = "{code}"\nall = true\nreason = "fine"\nby = "{who}"\n'
            "expires = 9999-12-31"
            for code in ("DEP001", "DEP002") for who in ("ana", "Ana")
        ), where="curate.toml",
    ).waivers  # fmt: skip
    with pytest.raises(ConfigError, match="DEP001") as raised:
        check_waivers(given, where="curate.toml", now=datetime(2026, 5, 1, tzinfo=UTC))
    assert "curate decide LOCATOR cleared" in raised.value.hint


@pytest.mark.parametrize("said", ["", 'media = ["a.jpg"]\nall = true'])
def test_a_waiver_says_what_it_is_for(said: str) -> None:
    """Nothing is for everything because somebody left a line out."""
    head = '[[waivers]]\ncode = "DUP001"\nreason = "fine"\nby = ["ana"]\nexpires = 2026-06-01\n'
    with pytest.raises(ConfigError, match="waivers: DUP001"):
        parse_config(head + said, where="curate.toml")
