"""PDF of a page: printed by a browser without a window, or by weasyprint.

Neither is part of curate. The page is handed over as a file and may load nothing, so a browser
has nothing to reach for.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from curate.errors import DependencyError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 300


class MissingPrinterError(DependencyError):
    """No program that prints a page as PDF is installed."""

    code = "E303"
    default_hint = "install chromium or weasyprint; the HTML page can be printed from any browser"


def pdf_of(html: str) -> bytes:
    """Return a page of HTML as PDF.

    Raises:
        MissingPrinterError: Neither chromium nor weasyprint is here, or the one that is fails.
    """
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is not None:
        return _printed(browser, html)
    if importlib.util.find_spec("weasyprint") is None:
        raise MissingPrinterError("neither chromium nor weasyprint is installed")
    import weasyprint

    document: bytes = weasyprint.HTML(string=html).write_pdf()
    return document


def _printed(browser: str, html: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="curate-print-") as folder:
        page, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-extensions", "--disable-sync",
            "--no-pdf-header-footer", f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={target}",
            # A browser's own sandbox does not start for the superuser.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603 - found on the path, handed our own file
                command, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise MissingPrinterError(
                f"it did not print within {_SECONDS} seconds", where=browser
            ) from None
        if not target.is_file():
            last = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
            raise MissingPrinterError(f"it did not print: {last}", where=browser)
        return target.read_bytes()
