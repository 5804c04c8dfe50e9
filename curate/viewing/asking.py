"""Asking: what all operators do alike, which is to ask, to say it at the desk, and to tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

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


class Asking(foo.Operator):
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
