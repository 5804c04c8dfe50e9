"""Kinds of ties: what two entries can have in common that one split must not share with another.

Every kind puts entries into groups; entries of one group are tied. An entry may be in many groups
of a kind: a fake shows two people, and so ties the splits of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curate.errors import UnknownNameError


@dataclass(frozen=True)
class Kind:
    """One way in which entries are tied.

    Attributes:
        name: Its short name.
        topic: What people ask for: a value of ``--by``.
        title: What the members of a group have in common.
        needs: What must be known of an entry for the kind to be checked.
        rule: The rule of the audit that tells of it, or an empty text.
    """

    name: str
    topic: str
    title: str
    needs: str
    rule: str = ""


KINDS = (
    Kind("entry", "entry", "the same entry", "the entry's splits", "SPL004"),
    Kind("bytes", "duplicate", "the same bytes", "its bytes, read by `curate run probe`", "SPL001"),
    Kind("pixels", "duplicate", "the same pixels", "its bytes, read by `curate run probe`",
         "SPL001"),
    Kind("near", "duplicate", "near duplicates", "its look, compared by `curate run dedup`",
         "SPL001"),
    Kind("chain", "duplicate", "linked by a chain of near duplicates",
         "its look, compared by `curate run dedup`"),
    Kind("footage", "duplicate", "footage in common", "its look, compared by `curate run dedup`",
         "SPL003"),
    Kind("clip", "clip", "one clip, whatever the compression or method",
         "the clip, declared by the dataset's layout", "SPL006"),
    Kind("frames", "frames", "frames of one video", "the video, declared by the layout", "SPL008"),
    Kind("source", "source", "one source video, however far back",
         "the source video, clip or session, declared by the dataset's layout or by the columns "
         "`group` and `source` of a manifest", "SPL005"),
    Kind("derived", "source", "one made from the other, or both from one entry",
         "what it was made from, declared", "SPL009"),
    Kind("swap", "swap", "swaps made from one entry, and that entry",
         "target and donor video of a swap, declared by the layout", "SPL007"),
    Kind("identity", "identity", "the same person, in any role",
         "who is in it, declared or found by `curate run identity`", "SPL002"),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
TOPICS = tuple(dict.fromkeys(kind.topic for kind in KINDS if kind.topic != "entry"))


def kinds_of(topics: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the kinds that topics or kinds stand for, in order.

    Raises:
        UnknownNameError: There is no such topic or kind.

    >>> kinds_of(["identity", "bytes"])
    ('bytes', 'identity')
    """
    asked = {topic.strip().lower() for topic in topics} - {""}
    known = {kind.topic for kind in KINDS} | set(BY_NAME)
    if unknown := sorted(asked - known):
        raise UnknownNameError(
            f"no relation is called {unknown[0]!r}", hint=f"relations are: {', '.join(TOPICS)}"
        )
    return tuple(kind.name for kind in KINDS if kind.topic in asked or kind.name in asked)
