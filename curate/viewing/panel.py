"""The panel: what is known of the open picture, and a button for each thing to say of it."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from curate.errors import InputError
from curate.viewing.asking import chosen, desk
from curate.viewing.keys import KEYS
from curate.viewing.operators import OPERATORS, Next

PLUGIN = "@curate/review"


class Review(foo.Panel):
    """What is known of the open picture, and buttons for what can be said of it."""

    @property
    def config(self) -> Any:
        return foo.PanelConfig(
            name="review", label="Review", surfaces="grid modal", icon="fact_check",
            help_markdown="Alt and a letter does what each button does.",
        )  # fmt: skip

    def on_load(self, ctx: Any) -> None:
        """Begin."""

    def on_change_current_sample(self, ctx: Any) -> None:
        """Follow the eye."""

    def on_change_selected(self, ctx: Any) -> None:
        """Follow the hand."""

    def render(self, ctx: Any) -> Any:
        panel = types.Object()
        panel.md(self._text(ctx), name="told")
        for operator in OPERATORS:
            key = KEYS.get(operator.verb())
            label = f"{operator.label} (Alt+{key})" if key else operator.label
            panel.btn(operator.verb(), label=label, prompt=operator is not Next,
                      on_click=f"{PLUGIN}/{operator.verb()}")  # fmt: skip
        return types.Property(panel)

    def _text(self, ctx: Any) -> str:
        who = desk().reviewer or "nobody yet"
        try:
            samples = chosen(ctx)
        except InputError:
            return f"**{who}** decides here. Open a picture."
        lines = [f"**{who}** decides here."]
        for sample in samples[:3]:
            lines += [f"### {_plain(sample.locator)}", f"verdict **{sample.verdict}**",
                      *(f"- {_plain(line)}" for line in sample.evidence or ()),
                      *(f"- *{_plain(line)}*" for line in sample.reviewers or ())]  # fmt: skip
        return "\n\n".join(lines)


def _plain(text: str) -> str:
    """Return text in which nothing is Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|" else c for c in text)


def register(plugin: Any) -> None:
    """Register everything."""
    for operator in (*OPERATORS, Review):
        plugin.register(operator)
