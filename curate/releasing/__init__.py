"""Releases of a workspace: what an audit cleared, written, recorded, and only then named."""

from curate.releasing.issue import Issue, check_new
from curate.releasing.order import Order, check_instant, check_without, cleared, went_out

__all__ = ["Issue", "Order", "check_instant", "check_new", "check_without", "cleared", "went_out"]
