"""What a release is asked to be, and what an audit lets go out for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.audits import Audited
from curate.catalog.memory import in_memory
from curate.errors import InputError
from curate.model.instants import print_instant
from curate.release.build import Form
from curate.release.select import INPUTS, Selection, select
from curate.report.written import Written
from curate.signing import SigningKey

_LEAST = """
WITH ranked AS (SELECT unnest(['blocked', 'needs_review', 'cleared']) AS verdict,
                       unnest([0, 1, 2]) AS rank),
paired AS (
    SELECT media_id, a.verdict AS one, b.verdict AS other, a.codes AS codes, b.codes AS others,
           r.rank > s.rank AS lower
    FROM judged a JOIN present b USING (media_id)
    JOIN ranked r ON r.verdict = a.verdict JOIN ranked s ON s.verdict = b.verdict
)
SELECT media_id, CASE WHEN lower THEN other ELSE one END AS verdict,
       CASE WHEN one = 'cleared' THEN others ELSE codes END AS codes
FROM paired ORDER BY media_id
"""


@dataclass(frozen=True)
class Order:
    """What a release is asked to be.

    Attributes:
        use: A use profile of `curate.toml`.
        assignment: Splits that `curate split` made, in the place of those declared.
        keep_duplicates: Let every near duplicate go out.
        form: How it is written.
        keys: What signs it; nothing does when there are none.
        as_of: The instant to judge at, in UTC, by what was known then: the same gives the same
            bytes. What is not cleared when it is built stays out all the same. The instant of
            the build when None.
        tsa: A time-stamp authority to ask (see `curate.release.timestamp.authority`); nobody is
            asked when None.
    """

    use: str
    assignment: str | None = None
    keep_duplicates: bool = False
    form: Form = field(default_factory=Form)
    keys: Sequence[SigningKey] = ()
    as_of: datetime | None = None
    tsa: str | None = None

    def as_text(self) -> str:
        """Return what the next release of this use should be asked for again, as JSON."""
        told = {
            "assignment": self.assignment,
            "keep_duplicates": self.keep_duplicates,
            "formats": list(self.form.formats),
            "keep_metadata": self.form.keep_metadata,
            "crops": self.form.crops,
        }
        return json.dumps(told, sort_keys=True)

    @classmethod
    def again(cls, use: str, text: str, keys: Sequence[SigningKey]) -> Order:
        """Return an order of what `as_text` told."""
        said = json.loads(text)
        form = Form(tuple(said["formats"]), said["keep_metadata"], said["crops"])
        return cls(use, said["assignment"], said["keep_duplicates"], form, keys)


def check_instant(order: Order, now: datetime) -> None:
    """Refuse an instant that is still to come: what will be withdrawn until then is not known.

    Raises:
        InputError: It is.
    """
    if order.as_of is not None and order.as_of > now:
        raise InputError(
            "this instant is still to come",
            where=print_instant(order.as_of),
            hint="name one that is past, or leave --as-of out",
        )


def least(then: pa.Table, now: pa.Table) -> pa.Table:
    """Return the lesser of two verdicts on each entry, with the codes of the one that counts.

    Of equals the first counts, so that what was judged since changes nothing that it need not.

    Args:
        then: Verdicts of an audit at an instant.
        now: Those of one when something is to go out; an entry in one table alone is in neither.
    """
    with in_memory() as connection:
        connection.register("judged", then)
        connection.register("present", now)
        return connection.sql(_LEAST).to_arrow_table()


def cleared(
    facts: Mapping[str, pa.Table],
    audited: Audited,
    present: Audited,
    order: Order,
    called_back: Collection[str] = (),
) -> Selection:
    """Return what two audits let go out.

    Args:
        facts: The tables that they read.
        audited: The one at the instant asked for.
        present: The one when the release is built; the same where no instant is asked for.
        order: What is asked for.
        called_back: As in `select`.
    """
    tables = {name: facts[name] for name in INPUTS if name != "verdicts"}
    verdicts = audited.verdicts
    if present is not audited:
        verdicts = least(verdicts, present.verdicts)
    return select(
        {**tables, "verdicts": verdicts},
        called_back=called_back,
        assigned=order.assignment is not None,
        keep_duplicates=order.keep_duplicates,
    )


def went_out(selection: Selection, written: Written) -> Selection:
    """Return a selection as it was written: some of it may go out in no form."""
    items = selection.items
    mine = pc.is_in(items["media_id"], value_set=written.items["media_id"].combine_chunks())
    out = items.filter(mine)
    lost = items.num_rows - out.num_rows
    return replace(
        selection,
        items=out,
        left_out=written.facts["left_out"],
        excluded=selection.excluded + lost,
    )


def check_without(selection: Selection, without: Collection[str]) -> None:
    """Refuse a selection that holds what must not go out.

    Args:
        selection: What is about to go out.
        without: Ids of entries.

    Raises:
        InputError: It holds one of them.
    """
    rows = selection.items.select(["media_id", "locator"]).to_pylist() if without else []
    if kept := [row["locator"] for row in rows if row["media_id"] in without]:
        raise InputError(
            f"{len(kept):,} entries that show them are still cleared",
            where=kept[0],
            hint="record it first: `curate consent withdraw SUBJECT`; or block each entry by "
            "`curate decide LOCATOR blocked`",
        )
