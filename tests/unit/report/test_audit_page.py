import html as escaping
import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from curate.audit.rules import ALL_RULES
from curate.report.audit_page import audit_page
from curate.schema import arrow_schema
from tests.unit.report.conftest import HOSTILE, RUN, entry, make_inputs, verdict
from tests.unit.report.page_reader import assert_sound, read


def test_runs_nothing_loads_nothing_and_is_in_order(small) -> None:
    assert_sound(audit_page(small))


def test_same_tables_give_same_bytes(small) -> None:
    assert audit_page(small) == audit_page(small)


def test_order_of_rows_does_not_matter(small) -> None:
    turned = {name: table[::-1] for name, table in small.tables.items()}
    assert audit_page(replace(small, tables=turned)) == audit_page(small)


def test_hostile_name_is_text_on_one_line(small) -> None:
    page = audit_page(small)
    assert HOSTILE not in page
    assert "\u202e" not in page
    assert "<script>alert(1)</script>\"'\\n\\u202e🎉.jpg" in read(page).text


def test_hostile_rejection_is_text(small) -> None:
    assert "../<img src=x onerror=alert(1)> leaves the root" in read(audit_page(small)).text


def test_project_and_notice_are_escaped(small) -> None:
    page = read(audit_page(small))
    assert "small <b>" in page.text
    assert "Invented records & people." in page.text


def test_no_notice_without_one(small) -> None:
    page = read(audit_page(replace(small, notice="")))
    assert "notice" not in [attributes.get("class") for attributes in page.named("p")]


def test_numbers_are_those_of_the_tables(small) -> None:
    text = read(audit_page(small)).text
    assert "6cleared · 60 %" in text
    assert "2need review · 20 %" in text
    assert "2blocked · 20 %" in text
    assert "10 entries of 1 dataset were judged for the purpose train-detector" in text
    assert "8 people are declared to be shown" in text
    assert "cover every use of all but fewer than 5 of them" in text
    kept = read(audit_page(small, pictures=True)).text
    assert "8 people are declared to be shown" in kept
    assert "cover every use of 6 of them" in kept


_ALWAYS = ("summary", "charts", "rules", "groups", "examples", "rejections", "method", "limits",
           "appendix")  # fmt: skip


def test_sections_stand_in_their_order(small) -> None:
    ids = re.findall(r'<h2 id="(\w+)"', audit_page(small))
    assert [name for name in ids if name in _ALWAYS] == list(_ALWAYS)


def test_backticks_in_a_remedy_are_code(small) -> None:
    assert "<code>curate explain</code> names the others" in audit_page(small)


def test_no_picture_of_a_person_is_in_it_unless_asked_for(small) -> None:
    assert "data:image" not in audit_page(small)
    shown = audit_page(small, pictures=True)
    assert "data:image/jpeg" in shown
    assert "Not to be handed over" in shown


def test_findings_stand_by_rule_and_source_with_evidence(small) -> None:
    evidence = {row["code"]: row["finding_id"] for row in small.tables["findings"].to_pylist()}
    text = read(audit_page(small)).text
    assert f"CON001 faces studio fewer than 5 withheld {evidence['CON001']}" in text
    kept = read(audit_page(small, pictures=True)).text
    assert f"CON001 faces studio 1 1 {evidence['CON001']}" in kept
    assert f"MED001 faces not declared 1 1 {evidence['MED001']}" in text


def test_a_page_over_many_long_findings_stays_small() -> None:
    codes = [rule.code for rule in ALL_RULES]
    rows = 100_000
    names = pa.array([f"{n:06}/" + "x" * 4000 for n in range(200)])
    entries = make_inputs(entries=[
        entry(n, locator=name.as_py(), source_id=f"{n}" * 100) for n, name in enumerate(names)
    ])  # fmt: skip
    numbers = np.arange(rows)
    findings = pa.table({
        "run_id": pa.repeat(RUN, rows),
        "finding_id": [f"{n:032x}" for n in numbers],
        "code": [codes[n % len(codes)] for n in numbers],
        "media_id": [f"m{n % 200:03}" for n in numbers],
        "effect": pa.repeat("block", rows),
        "waiver": pa.nulls(rows, pa.string()),
        "params": pa.repeat(json.dumps({"subject": "s" * 3000}), rows),
    })  # fmt: skip
    verdicts = make_inputs(verdicts=[verdict(n, "blocked", *codes) for n in range(200)])
    lost = make_inputs(rejections=[
        {"rejection_id": f"r{n}", "dataset": "d" * 500, "place": "p" * 4000, "locator": "l" * 4000,
         "reason": "outside_root", "detail": "t" * 4000} for n in range(500)
    ])  # fmt: skip
    tables = {
        **entries.tables, "findings": findings.select(arrow_schema("findings").names),
        "verdicts": verdicts.tables["verdicts"], "rejections": lost.tables["rejections"],
    }  # fmt: skip
    page = audit_page(replace(entries, tables=tables))
    assert len(page.encode()) < 5_000_000
    assert_sound(page)


def test_what_files_say_of_their_origin_is_drawn(small) -> None:
    digests = [row["sha256"] for row in small.tables["content"].to_pylist()]
    asked = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
    opt_outs = {f"optout_{name}": "none" for name in asked}
    scans = [
        {"sha256": digest, "c2pa_state": "trusted" if n else "invalid", "tool": "t",
         "stage": "signals/1", **opt_outs} for n, digest in enumerate(digests)
    ]  # fmt: skip
    tables = {
        **small.tables,
        "signal_scans": make_inputs(signal_scans=scans).tables["signal_scans"],
    }
    text = read(audit_page(replace(small, tables=tables))).text
    assert "Contents by record of provenance (C2PA): Holds, by a trusted signer 7" in text
    assert "Does not hold 1" in text


def test_a_catalogue_without_entries_has_a_page() -> None:
    page = audit_page(make_inputs())
    assert_sound(page)
    assert "Nobody is declared to be shown." in read(page).text


def test_names_no_media_root(small, tmp_path) -> None:
    assert str(tmp_path) not in audit_page(small)


def test_charts_have_words_for_who_cannot_see_them(small) -> None:
    page = read(audit_page(small))
    assert "Entries by verdict: Cleared 6 · 60 %, Needs review 2 · 20 % and Blocked 2 · 20 %" in (
        page.text
    )
    drawings = [a for a in page.named("svg") if a.get("role") == "img"]
    assert len(drawings) == len(page.named("figure"))


_PROBE = """<!doctype html><title>probe</title>
<iframe id="f" style="width:400px;height:800px;border:0" srcdoc="{page}"></iframe>
<pre id="seen"></pre><script>
f.onload = () => {{ const d = f.contentDocument, r = d.documentElement; seen.textContent =
  JSON.stringify({{scroll: r.scrollWidth, client: r.clientWidth,
    broken: [...d.images].filter(i => i.complete && !i.naturalWidth).length,
    wide: [...d.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg, .skip, .unseen')
      && e.getBoundingClientRect().right > 401).length}}); }};
</script>"""


@pytest.mark.browser
def test_fits_a_telephone_and_a_browser_says_nothing(small, tmp_path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    page = tmp_path / "probe.html"
    page.write_text(_PROBE.format(page=escaping.escape(audit_page(small))), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr",
         "--virtual-time-budget=10000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    seen = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout)
    assert seen is not None
    told = json.loads(seen[1])
    assert told == {"scroll": 400, "client": 400, "broken": 0, "wide": 0}
    assert "CONSOLE" not in done.stderr
