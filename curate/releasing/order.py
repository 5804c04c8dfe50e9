"""What a release is asked to be, and what an audit lets go out for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.audits import Audited
from curate.errors import InputError
from curate.release.build import Form
from curate.release.select import INPUTS, Selection, select
from curate.report.written import Written
from curate.signing import SigningKey


@dataclass(frozen=True)
class Order:
    """What a release is asked to be.

    Attributes:
        use: A use profile of `curate.toml`.
        assignment: Splits that `curate split` made, in the place of those declared.
        keep_duplicates: Let every near duplicate go out.
        form: How it is written.
        keys: What signs it; nothing does when there are none.
    """

    use: str
    assignment: str | None = None
    keep_duplicates: bool = False
    form: Form = field(default_factory=Form)
    keys: Sequence[SigningKey] = ()

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


def cleared(facts: Mapping[str, pa.Table], audited: Audited, order: Order) -> Selection:
    """Return what an audit lets go out.

    Args:
        facts: The tables that the audit read.
        audited: The audit.
        order: What is asked for.
    """
    tables = {name: facts[name] for name in INPUTS if name != "verdicts"}
    return select(
        {**tables, "verdicts": audited.verdicts},
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
