"""Patterns of paths: who is shown, as a dataset's own files say it.

``{name}_{n:d}.jpg`` reads ``anna_0001.jpg`` as a picture of anna. A pattern is held against the
end of a path, so that ``{name}/{file}`` takes the name from the folder.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from curate.errors import ConfigError
from curate.model.pseudonyms import cleaned

# Which field of a pattern is the pseudonym.
SUBJECT = ("name", "subject")
_HINT = (
    'for example subject = "{name}_{n:d}.jpg": {name} is the pseudonym, {n:d} a number, and any '
    "other field in braces anything but a slash"
)


def subject_of(pattern: str, locator: str) -> str | None:
    """Return the pseudonym that a path names, None where the pattern does not fit it.

    Args:
        pattern: As in the settings.
        locator: The path below the media root.

    Raises:
        ConfigError: The pattern is none.

    >>> subject_of("{name}_{n:d}.jpg", "train/Aaron_Eckhart_0001.jpg")
    'Aaron_Eckhart'
    >>> subject_of("{name}/{file}", "real/p01/a.png"), subject_of("{name}_{n:d}.jpg", "x.jpg")
    ('p01', None)
    """
    found = compiled(pattern).fullmatch(locator)
    return (cleaned(found["name"]) or None) if found else None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression whose group ``name`` is the pseudonym.

    Raises:
        ConfigError: A field is not known, the pseudonym is missing or given twice, two fields
            that may be anything stand side by side, or the braces do not match.
    """
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise _wrong(pattern, str(error)) from None
    text, names = "", 0
    for place, (literal, field, form, conversion) in enumerate(parts):
        text += re.escape(literal)
        if field is None:
            continue
        if form not in ("", "d") or conversion:
            raise _wrong(pattern, f"the field {{{field}:{form}}} is neither text nor a number (d)")
        if place and not literal and not form and not parts[place - 1][2]:
            raise _wrong(pattern, f"nothing tells where the field {{{field}}} begins")
        content = "[0-9]+" if form else "[^/]+"
        if field in SUBJECT:
            names += 1
            text += f"(?P<name>{content})" if names == 1 else content
        else:
            text += content
    if names != 1:
        raise _wrong(pattern, "it names the pseudonym twice" if names else "it names nobody")
    return re.compile(f"(?:.*/)?{text}", re.DOTALL)


def _wrong(pattern: str, problem: str) -> ConfigError:
    return ConfigError(f"ingest.subject: {pattern!r}: {problem}", where="curate.toml", hint=_HINT)


@cache
def with_fields(pattern: str) -> re.Pattern[str]:
    """Return a pattern of a recipe as a regular expression with a group for each field.

    Raises:
        ValueError: It is none.
    """
    text, names = "", set()
    for literal, field, form, conversion in Formatter().parse(pattern):
        text += re.escape(literal)
        if field is None:
            continue
        if conversion or not field.isidentifier():
            raise ValueError(f"{field!r} is no name of a field")
        content = _content(form or "")
        if field == "_":
            text += f"(?:{content})"
        elif field in names:
            text += f"(?P={field})"
        else:
            names.add(field)
            text += f"(?P<{field}>{content})"
    return re.compile(f"(?:.*/)?{text}", re.DOTALL)


def _content(form: str) -> str:
    """Return what a field of a form may hold.

    Raises:
        ValueError: The form is none.
    """
    if form in _CONTENTS:
        return _CONTENTS[form]
    if width := _WIDTH.fullmatch(form):
        return f"[0-9]{{{width[1]}}}"
    if len(form) == 1:
        raise ValueError(f"the form {form!r} is none: d is a number, w a word, a|b one of these")
    return "|".join(map(re.escape, form.split("|")))


_WIDTH = re.compile(r"0?([1-9])d")
_CONTENTS = {"": "[^/]+", "d": "[0-9]+", "w": "[^/_.-]+"}


def fields_of(pattern: str, locator: str) -> dict[str, str] | None:
    """Return what a path says by a pattern of a recipe, None where the pattern does not fit.

    >>> fields_of("{label:real|fake}/{target:w}_{_:d}.mp4", "x/fake/id3_0007.mp4")
    {'label': 'fake', 'target': 'id3'}
    >>> fields_of("{n:04d}.jpg", "0012.jpg"), fields_of("{n:04d}.jpg", "012.jpg")
    ({'n': '0012'}, None)
    """
    found = with_fields(pattern).fullmatch(locator)
    return None if found is None else found.groupdict()
