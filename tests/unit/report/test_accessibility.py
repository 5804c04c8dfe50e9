"""Pages as a browser shows them: nothing serious by axe-core, no wider than a telephone, as PDF."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from curate.report import pdf as module
from curate.report.audit_page import audit_page
from curate.report.datasheet.sheet import datasheet
from curate.report.pdf import MissingPrinterError, pdf_of
from tests.conftest import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """<script>{axe}</script><script>
axe.run(document, {{resultTypes: ['violations']}}).then(found => {{
  const told = document.createElement('pre'); told.id = 'told';
  told.textContent = JSON.stringify(found.violations.map(one => [one.impact, one.id,
    one.nodes.map(node => node.html.slice(0, 200))]));
  document.body.append(told); }});
</script></body>"""


@pytest.fixture
def browser() -> str:
    """Return chromium, or skip."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed")
    return found


def violations(page: str, browser: str, folder: Path, width: int) -> list[Any]:
    """Return what axe-core finds in a page that is so many pixels wide."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make axe` gets it by npm")
    # The page's own policy forbids scripts, and axe is one.
    plain = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    script = AXE.read_text(encoding="utf-8").replace("</script>", "<\\/script>")
    place = folder / "page.html"
    place.write_text(plain.replace("</body>", _RUN.format(axe=script)), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--no-first-run", f"--window-size={width},1000", "--virtual-time-budget=60000",
         f"--user-data-dir={folder / 'profile'}", "--dump-dom", place.as_uri()],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told is not None, done.stderr[-500:]
    found: list[Any] = json.loads(html.unescape(told[1]))
    return found


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("name", ["audit", "pictures", "datasheet"])
def test_axe_finds_nothing_serious(small, browser, tmp_path, name, width) -> None:
    page = {
        "audit": lambda: audit_page(small),
        "pictures": lambda: audit_page(small, pictures=True),
        "datasheet": lambda: datasheet(small).html,
    }[name]()
    assert [one for one in violations(page, browser, tmp_path, width)
            if one[0] in ("serious", "critical")] == []  # fmt: skip


@pytest.mark.browser
def test_axe_would_find_what_is_wrong(browser, tmp_path) -> None:
    page = '<!doctype html><html><body><main><img src="data:,"></main></body></html>'
    found = {name for _, name, _ in violations(page, browser, tmp_path, 1200)}
    assert {"image-alt", "html-has-lang", "document-title"} <= found


@pytest.mark.browser
def test_pages_print_as_pdf(small, browser) -> None:
    printed = pdf_of(datasheet(small).html)
    assert browser
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 10_000


def test_without_a_printer_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingPrinterError) as caught:
        pdf_of("<p>x</p>")
    assert caught.value.exit_status == 3
    assert "install chromium" in caught.value.hint


def test_a_browser_that_fails_is_named(tmp_path, monkeypatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(module.shutil, "which", lambda _: str(broken))
    with pytest.raises(MissingPrinterError, match="it did not print: no display"):
        pdf_of("<p>x</p>")
