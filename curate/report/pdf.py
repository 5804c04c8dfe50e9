"""PDF of a page: printed by a browser without a window, or by weasyprint.

Neither is part of curate. The page is handed over as a file and may load nothing, so a browser
has nothing to reach for.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from curate.errors import DependencyError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 300


class MissingPrinterError(DependencyError):
    """No program that prints a page as PDF is installed."""

    code = "E303"
    default_hint = "install chromium or weasyprint; the HTML page can be printed from any browser"


def pdf_of(html: str, *, dated: datetime | None = None) -> bytes:
    """Return a page of HTML as PDF.

    Args:
        html: The page.
        dated: The instant, in UTC, that the PDF gives as its own, so that the same page has the
            same bytes; the present when None.

    Raises:
        MissingPrinterError: Neither chromium nor weasyprint is here, or the one that is fails.
    """
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is not None:
        return _dated(_printed(browser, html), dated)
    if importlib.util.find_spec("weasyprint") is None:
        raise MissingPrinterError("neither chromium nor weasyprint is installed")
    import weasyprint

    document: bytes = weasyprint.HTML(string=html).write_pdf()
    return _dated(document, dated)


_DATE = re.compile(rb"(/(?:Creation|Mod)Date \(D:)\d{14}([^)]{0,8})\)")


def _dated(document: bytes, moment: datetime | None) -> bytes:
    if moment is None:
        return document
    # As long as what stands there: places in the file are told in bytes.
    digits = f"{moment.astimezone(UTC):%Y%m%d%H%M%S}".encode()

    def dated(found: re.Match[bytes]) -> bytes:
        zone = b"+00'00'" if len(found[2]) == len("+00'00'") else found[2]
        return found[1] + digits + zone + b")"

    return _DATE.sub(dated, document)


def can_print() -> bool:
    """Return whether something here can print a page as PDF."""
    return any(shutil.which(name) for name in _BROWSERS) or (
        importlib.util.find_spec("weasyprint") is not None
    )


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
