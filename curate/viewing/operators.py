"""Operators: what a reviewer can say in FiftyOne's App.

They run inside its server. Each asks what it needs, says it at the desk, and shows what became of
it; nothing is kept here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import fiftyone as fo
from fiftyone.operators import types

from curate.audit.correct import CONFIRMED, DIFFERENT, DISPUTED, SAME
from curate.errors import InputError
from curate.viewing.asking import Asking, chosen, chosen_faces, desk, each


class Sit(Asking):
    """Who decides here."""

    label = "Say who you are"
    asks = (("reviewer", "Your name"),)
    needs_reason = False
    needs_name = False

    def say(self, ctx: Any, reason: str) -> str:  # noqa: ARG002 - none is asked
        desk().sit(ctx.params.get("reviewer", ""))
        return f"{desk().reviewer} decides here"


class Clear(Asking):
    """May be used: takes two reviewers."""

    label = "Clear"
    about = "May be used as it is; takes two reviewers who saw the same evidence"
    verdict: ClassVar[str] = "cleared"

    def say(self, ctx: Any, reason: str) -> str:
        return each(ctx, lambda media_id: desk().decide(media_id, self.verdict, reason))


class Block(Clear):
    """May not be used: takes one."""

    label = "Block"
    about = "May not be used; takes one reviewer"
    verdict = "blocked"


class Leave(Clear):
    """Nobody knows yet."""

    label = "Leave undecided"
    about = "Take back what you decided of it, or say that you do not know"
    verdict = "undecided"


class Confirm(Asking):
    """Somebody proposed or declared is shown."""

    label = "Confirm the subject"
    about = "Whom the entry declares, or a likeness proposes, is shown"
    value: ClassVar[str] = CONFIRMED
    asks = (("subject", "Who, by pseudonym"),)

    def ask(self, ctx: Any, inputs: Any, name: str, label: str) -> None:
        try:
            faces = [face.subject_id for sample in chosen(ctx) for face in sample.faces.detections]
        except InputError:
            faces = []
        # Whom a face is held to be; of several the reviewer says which.
        known = {face for face in faces if face is not None}
        inputs.str(name, label=label, required=True,
                   default=known.pop() if len(known) == 1 else None)  # fmt: skip

    def say(self, ctx: Any, reason: str) -> str:
        who = ctx.params.get("subject") or ""
        return each(ctx, lambda media_id: desk().subject(media_id, who, self.value, reason))


class Dispute(Confirm):
    """Somebody proposed or declared is not shown."""

    label = "Dispute the subject"
    about = "Whom the entry declares, or a likeness proposes, is not shown"
    value = DISPUTED


class NameSubject(Asking):
    """Somebody whom nobody declared is shown."""

    label = "Name the subject"
    about = "Somebody is shown whom nobody declared"
    asks = (("subject", "Who, by pseudonym"),)

    def say(self, ctx: Any, reason: str) -> str:
        who = ctx.params.get("subject") or ""
        return each(ctx, lambda media_id: desk().name(media_id, who, reason))


class Merge(Asking):
    """Faces are one person."""

    label = "One person (merge)"
    about = "The selected faces are one person: their identities become one at the next run"
    value: ClassVar[str] = SAME

    def say(self, ctx: Any, reason: str) -> str:
        return f"recorded: {desk().link(chosen_faces(ctx), self.value, reason)}"


class Split(Merge):
    """Faces are each another person."""

    label = "Different people (split)"
    about = "The selected faces are each another person, who are parted at the next run"
    value = DIFFERENT


class Keep(Asking):
    """The copy that stays."""

    label = "Keep this copy"
    about = "Of its group of copies, this one stays from the next run on"

    def say(self, ctx: Any, reason: str) -> str:
        return each(ctx, lambda media_id: desk().keep(media_id, reason))


class Relabel(Asking):
    """What the label is."""

    label = "Relabel"
    asks = (("value", "The label"),)

    def ask(self, ctx: Any, inputs: Any, name: str, label: str) -> None:  # noqa: ARG002 - as declared
        inputs.enum(name, ["real", "fake"], label=label, required=True, view=types.RadioGroup())

    def say(self, ctx: Any, reason: str) -> str:
        value = ctx.params.get("value") or ""
        return each(ctx, lambda media_id: desk().label(media_id, value, reason))


class Waive(Asking):
    """A finding that somebody answers for."""

    label = "Waive a finding"
    about = "Answer for a finding until a day; what blocks or doubts a consent cannot be waived"
    asks = (("code", "The rule's code"), ("until", "Until which day, such as 2027-01-31"))

    def ask(self, ctx: Any, inputs: Any, name: str, label: str) -> None:
        try:
            codes = [line.split(" ", 1)[0] for sample in chosen(ctx) for line in sample.evidence]
        except InputError:
            codes = []
        if name == "code" and codes:
            inputs.enum(name, list(dict.fromkeys(codes)), label=label, required=True)
        else:
            inputs.str(name, label=label, required=True)

    def say(self, ctx: Any, reason: str) -> str:
        code, until = (ctx.params.get(name) or "" for name in ("code", "until"))
        return each(ctx, lambda media_id: desk().waive(media_id, code, until, reason))


class Unblur(Asking):
    """A look at a picture of people who may not have agreed, which is written down."""

    label = "Show clearly"
    about = "Show the picture as it is; that you looked is recorded"
    needs_reason = False

    def say(self, ctx: Any, reason: str) -> str:  # noqa: ARG002 - none is asked
        samples = [sample for sample in chosen(ctx) if sample.blurred]
        if not samples:
            raise InputError("it is shown clearly already")
        for sample in samples:
            sample.filepath = str(desk().unblur(sample.media_id))
            sample.blurred = False
            sample.save()
        # The page keeps what it has of a picture until it is loaded anew.
        ctx.trigger("@curate/review/show_again")
        return "recorded that you looked"


class Next(Asking):
    """The next of the view that this reviewer has not decided."""

    label = "Next in queue"
    about = "Open the next picture of this view of which you have said nothing yet"
    needs_reason = False
    needs_name = False

    def execute(self, ctx: Any) -> dict[str, Any]:
        ids, said = ctx.view.values(["id", "reviewers"])
        at = ids.index(ctx.current_sample) + 1 if ctx.current_sample in ids else 0
        own = f"{desk().reviewer}: "
        for place in [*range(at, len(ids)), *range(at)]:
            if not any(one.startswith(own) for one in said[place] or ()):
                ctx.ops.open_sample(id=ids[place])
                return {"opened": ids[place]}
        ctx.ops.notify("you have looked at everything here", variant="info")
        return {"opened": None}


class Undo(Asking):
    """What this reviewer decided last is taken back."""

    label = "Undo"
    about = "Take back what you decided last; the record of it stays"

    def say(self, ctx: Any, reason: str) -> str:
        before = desk().undo(reason)
        if before["media_id"] is not None:
            for sample in ctx.dataset.match(fo.ViewField("media_id") == before["media_id"]):
                own = f"{desk().reviewer}: "
                said = sample.reviewers or []
                last = max((i for i, one in enumerate(said) if one.startswith(own)), default=None)
                sample.reviewers = [one for i, one in enumerate(said) if i != last]
                sample.save()
        return f"taken back: {before['kind'] or 'verdict'} {before['value'] or before['verdict']}"


OPERATORS = (Sit, Clear, Block, Leave, Confirm, Dispute, NameSubject, Merge, Split, Keep, Relabel,
             Waive, Unblur, Next, Undo)  # fmt: skip
