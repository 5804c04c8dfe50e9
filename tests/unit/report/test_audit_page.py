import html as escaping
import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from curate.report.audit_page import audit_page
from tests.unit.report.conftest import HOSTILE, make_inputs
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
    assert "cover every use of 6 of them" in text


def test_sections_stand_in_their_order(small) -> None:
    ids = re.findall(r'<h2 id="(\w+)"', audit_page(small))
    assert ids == [
        "summary", "charts", "rules", "groups", "examples", "rejections", "limits", "appendix",
    ]  # fmt: skip


def test_backticks_in_a_remedy_are_code(small) -> None:
    assert "<code>curate explain</code> names the others" in audit_page(small)


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
