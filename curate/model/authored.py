"""What a dataset's authors say of it: `datasheet.toml`, read and checked against its schema.

The catalogue knows counts, and authors know why and by whom. What they write is kept apart from
what is counted, so that a reader can tell the two, and so that it can be held against the facts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curate.errors import ConfigError
from curate.schema import problems

NAME = "datasheet.toml"
QUESTIONS = 57


class AuthoredError(ConfigError):
    """`datasheet.toml` does not say what it should."""

    code = "E204"
    default_hint = "correct datasheet.toml; schemas/datasheet.schema.json describes it"


@dataclass(frozen=True)
class Authored:
    """What the authors say.

    Attributes:
        about: Who stands behind the dataset, where it is and how it is to be cited.
        answers: Their answer by the question's number, 1 to 57.
        numbers: Counts they state, by the name of the fact.
        documents: Documents they promise: name, and a path or an address.
        gate: What recipients are asked to accept, for a gated repository.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)

    def text_of(self, name: str) -> str:
        """Return a text of `about`, or nothing."""
        return str(self.about.get(name, "")).strip()


def parse_authored(text: str, *, where: str) -> Authored:
    """Return what `text`, the content of a `datasheet.toml`, says.

    Args:
        text: TOML.
        where: The file, for errors.

    Raises:
        AuthoredError: The text is no TOML, or a field is not known or has a wrong value.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AuthoredError(f"this is not TOML: {error}", where=where) from None
    answers = raw.get("answers", {})
    strange = [key for key in answers if not _is_question(key)] if isinstance(answers, dict) else []
    if strange:
        raise AuthoredError(
            f"{strange[0]!r} is no question; expected a number from 1 to {QUESTIONS}",
            where=f"{where}: answers",
            hint="the questions stand in datasheet.md, which `curate report datasheet` writes",
        )
    wrong = problems(raw, "datasheet")
    if wrong:
        raise AuthoredError("; ".join(wrong), where=where)
    return Authored(
        about=raw.get("about", {}),
        answers={int(key): answer.strip() for key, answer in answers.items()},
        numbers=raw.get("numbers", {}),
        documents=raw.get("documents", {}),
        gate=raw.get("gate", {}),
    )


def _is_question(key: str) -> bool:
    return key.isascii() and key.isdecimal() and 1 <= int(key) <= QUESTIONS and key[0] != "0"
