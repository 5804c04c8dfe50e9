"""`curate release`: what an audit cleared is written, recorded, and only then gets its name."""

from curate.verbs.release.build import build_release, issue_release
from curate.verbs.release.issue import Issue, check_new
from curate.verbs.release.order import Order, check_instant, check_without, cleared, went_out

__all__ = [
    "Issue",
    "Order",
    "build_release",
    "check_instant",
    "check_new",
    "check_without",
    "cleared",
    "issue_release",
    "went_out",
]
