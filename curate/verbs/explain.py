"""`curate explain LOCATOR`: what is known of one entry, and why it was judged as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.verbs.tables import facts

if TYPE_CHECKING:
    from curate.audit.explain import Explanation
    from curate.verbs.context import Context


def explain(context: Context, locator: str) -> Explanation:
    """Return what is known of an entry by its locator or id, as the last audit judged it.

    Raises:
        InputError: No audit has run yet.
        UnknownNameError: No entry is called that.
    """
    from curate.audit.explain import explain_entry

    return explain_entry(locator, facts(context), context.latest_audit())
