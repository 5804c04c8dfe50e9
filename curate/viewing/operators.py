"""Operators: what a reviewer can say in FiftyOne's App.

They run inside its server. Each asks what it needs, says it at the desk, and shows what became of
it; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from curate.audit.correct import CONFIRMED, DIFFERENT, DISPUTED, SAME
from curate.errors import CurateError, InputError
from curate.viewing.desk import Desk


@cache
def desk() -> Desk:
    """Return the desk of this App."""
    return Desk.of_environment()


def chosen(ctx: Any) -> list[Any]:
    """Return the samples that an operator is about: the open one, else those selected.

    Raises:
        InputError: There is none.
    """
    ids = [ctx.current_sample] if ctx.current_sample else ctx.selected
    if not ids:
        raise InputError("open a picture first, or select some")
    return list(ctx.dataset.select(ids, ordered=True))


def chosen_faces(ctx: Any) -> list[str]:
    """Return the faces that are selected; of selected pictures with one face, that one.

    Raises:
        InputError: A picture has several faces, or none.
    """
    labels = {one["label_id"] for one in ctx.selected_labels or ()}
    if labels:
        found = ctx.dataset.select_labels(ids=sorted(labels), fields="faces")
        return [face.face_id for sample in found for face in sample.faces.detections]
    faces = []
    for sample in chosen(ctx):
        if len(sample.faces.detections) != 1:
            raise InputError(f"{sample.locator} shows {len(sample.faces.detections)} faces",
                             hint="select the faces themselves")  # fmt: skip
        faces.append(sample.faces.detections[0].face_id)
    return faces


class _Operator(foo.Operator):
    """An operator that asks, says, and tells."""

    label: ClassVar[str]
    about: ClassVar[str] = ""
    # What it asks beside the reason: name, label, and choices where there are some.
    asks: ClassVar[tuple[tuple[str, str], ...]] = ()
    needs_reason: ClassVar[bool] = True
    needs_name: ClassVar[bool] = True

    @property
    def config(self) -> Any:
        return foo.OperatorConfig(
            name=self.verb(), label=f"Review: {self.label}", description=self.about,
            view_target=False,
        )  # fmt: skip

    @classmethod
    def verb(cls) -> str:
        """Return the operator's name."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")

    def resolve_input(self, ctx: Any) -> Any:
        inputs = types.Object()
        if self.needs_name and not desk().reviewer:
            inputs.str("reviewer", label="Your name; asked once", required=True)
        for name, label in self.asks:
            self.ask(ctx, inputs, name, label)
        if self.needs_reason:
            inputs.str("reason", label="Why", required=True)
        return types.Property(inputs, view=types.View(label=self.label))

    def ask(self, ctx: Any, inputs: Any, name: str, label: str) -> None:  # noqa: ARG002 - overridden
        """Add a question to a form."""
        inputs.str(name, label=label, required=True)

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Say it, and tell what became of it; what is refused is told, and nothing is recorded."""
        try:
            if self.needs_name and not desk().reviewer:
                desk().sit(ctx.params.get("reviewer", ""))
            told = self.say(ctx, ctx.params.get("reason") or "")
        except CurateError as error:
            hint = f"; {error.hint}" if error.hint else ""
            ctx.ops.notify(f"{error.problem}{hint}", variant="error")
            return {"refused": error.problem}
        ctx.ops.notify(told, variant="success")
        ctx.ops.reload_samples()
        return {"said": told}

    def say(self, ctx: Any, reason: str) -> str:
        """Say it at the desk, and return it in words."""
        raise NotImplementedError


def each(ctx: Any, said: Callable[[str], str]) -> str:
    """Say something of each chosen entry, and note it beside it for the eye."""
    told = ""
    samples = chosen(ctx)
    for sample in samples:
        told = said(sample.media_id)
        sample.reviewers = [*(sample.reviewers or []), f"{desk().reviewer}: {told}"]
        sample.save()
    return f"recorded: {told}" + (f", {len(samples)} times" if len(samples) > 1 else "")


class Sit(_Operator):
    """Who decides here."""

    label = "Say who you are"
    asks = (("reviewer", "Your name"),)
    needs_reason = False
    needs_name = False

    def say(self, ctx: Any, reason: str) -> str:  # noqa: ARG002 - none is asked
        desk().sit(ctx.params.get("reviewer", ""))
        return f"{desk().reviewer} decides here"


class Clear(_Operator):
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


class Confirm(_Operator):
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


class NameSubject(_Operator):
    """Somebody whom nobody declared is shown."""

    label = "Name the subject"
    about = "Somebody is shown whom nobody declared"
    asks = (("subject", "Who, by pseudonym"),)

    def say(self, ctx: Any, reason: str) -> str:
        who = ctx.params.get("subject") or ""
        return each(ctx, lambda media_id: desk().name(media_id, who, reason))


class Merge(_Operator):
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


class Keep(_Operator):
    """The copy that stays."""

    label = "Keep this copy"
    about = "Of its group of copies, this one stays from the next run on"

    def say(self, ctx: Any, reason: str) -> str:
        return each(ctx, lambda media_id: desk().keep(media_id, reason))


class Relabel(_Operator):
    """What the label is."""

    label = "Relabel"
    asks = (("value", "The label"),)

    def ask(self, ctx: Any, inputs: Any, name: str, label: str) -> None:  # noqa: ARG002 - as declared
        inputs.enum(name, ["real", "fake"], label=label, required=True, view=types.RadioGroup())

    def say(self, ctx: Any, reason: str) -> str:
        value = ctx.params.get("value") or ""
        return each(ctx, lambda media_id: desk().label(media_id, value, reason))


class Waive(_Operator):
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


class Unblur(_Operator):
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


class Next(_Operator):
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


class Undo(_Operator):
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
