"""Curate: dataset curation and consent audit of face media.

``import curate`` is cheap: the verbs load what they need when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.version import __version__

if TYPE_CHECKING:
    from curate.api import Project, init, open

__all__ = ["Project", "__version__", "init", "open"]


def __dir__() -> list[str]:
    """Return the public names, those that are loaded on first use included."""
    return __all__


def __getattr__(name: str) -> Any:
    """Load the verbs on first use, so that importing the package stays cheap."""
    if name in {"Project", "init", "open"}:
        from curate import api

        return getattr(api, name)
    msg = f"module 'curate' has no attribute {name!r}"
    raise AttributeError(msg)
