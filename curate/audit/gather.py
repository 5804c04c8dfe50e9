"""Gathering: what rules find, spread over the entries it stands for, in order and with ids.

A rule's answer stands for one entry or for many, so its facts are printed and digested once, and
everything that has the size of the catalogue is done by number.

The evidence of an entry is a digest of the set of its findings, whatever their order: the sum of
their SHA-256 digests modulo 2^256 (AdHash: Bellare and Micciancio, EUROCRYPT 1997).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.facts import Facts
from curate.audit.rule import Rule
from curate.audit.waivers import Held
from curate.catalog.numbered import Numbers
from curate.model.verdict import Effect

if TYPE_CHECKING:
    import duckdb

# What a query's first column may be called: an entry, or what stands for several.
PLACES = ("media_id", "duty", "standing", "origin")
EFFECTS = (Effect.BLOCK, Effect.REVIEW, Effect.NONE)

_FOUND = """
SELECT place, params, unhex(sha256('{code}|' || params)) AS digest
FROM (SELECT DISTINCT "{place}"::INTEGER AS place, {params} AS params FROM ({query}) found)
"""

Digests = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Answers:
    """What one rule found, by entry.

    Attributes:
        rule: The rule.
        params: The facts of each answer, as JSON.
        digests: SHA-256 over code and facts of each answer, shape (A, 32).
        answer: Which answer each finding is, shape (N,).
        media: The entry of each finding, shape (N,).
    """

    rule: Rule
    params: pa.Array
    digests: Digests
    answer: npt.NDArray[np.int64]
    media: Numbers


def findings_of(rule: Rule, facts: Facts) -> Answers:
    """Return what `rule` finds.

    Raises:
        ValueError: The rule's query gives no column of `PLACES`.
    """
    place, params = _columns(rule.query, facts.connection)
    sql = _FOUND.format(code=rule.code, place=place, params=params, query=rule.query)
    found = facts.connection.sql(sql).to_arrow_table().combine_chunks()
    places = found["place"].to_numpy().astype(np.int32)
    if place == "media_id":
        answer, media = np.arange(len(places)), places
    else:
        answer, media = facts.stands_for[place].expand(places)
    digests = found["digest"].cast(pa.binary(32)).combine_chunks()
    return Answers(rule, _text(found["params"]), fixed_bytes(digests), answer, media)


@cache
def _shape(query: str, columns: tuple[str, ...]) -> tuple[str, str]:
    place = next((name for name in PLACES if name in columns), None)
    if place is None:
        raise ValueError(f"a rule's query gives none of {', '.join(PLACES)}: {query}")
    told = ", ".join(f'"{name}" := found."{name}"' for name in columns if name != place)
    return place, f"CAST(to_json(struct_pack({told})) AS VARCHAR)" if told else "'{}'"


def _columns(query: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the column that says where, and the expression of the facts as JSON."""
    return _shape(query, tuple(connection.sql(query).columns))


@dataclass(frozen=True)
class Findings:
    """All findings, by rule, entry and id, no two the same.

    Attributes:
        rules: The rules that found something, by code.
        rule: Which rule, shape (N,).
        media: Which entry, shape (N,).
        effect: Its place in `EFFECTS`, waivers applied, shape (N,).
        digests: SHA-256 over code and facts, shape (N, 32).
        ids: What names the finding, shape (N, 16).
        texts: Facts as JSON, each as often as a rule told them.
        text: Which of `texts` are its facts, shape (N,).
        waivers: Who answers for it, N texts; null where nobody does.
    """

    rules: Sequence[Rule]
    rule: npt.NDArray[np.int16]
    media: Numbers
    effect: npt.NDArray[np.int8]
    digests: Digests
    ids: Digests
    texts: pa.Array
    text: npt.NDArray[np.int64]
    waivers: pa.Array

    @property
    def waived(self) -> npt.NDArray[np.bool_]:
        """Whether somebody answers for each, shape (N,)."""
        found: npt.NDArray[np.bool_] = pc.is_valid(self.waivers).to_numpy(zero_copy_only=False)
        return found

    @cached_property
    def by_entry(self) -> npt.NDArray[np.int64]:
        """Their places in the order of entries; one entry's stay in order."""
        return np.argsort(self.media, kind="stable")

    def codes(self, entries: int) -> pa.Array:
        """Return, for each entry, the codes that keep it from being cleared, sorted."""
        speaks = self.by_entry[self.effect[self.by_entry] < EFFECTS.index(Effect.NONE)]
        media, rule = self.media[speaks], self.rule[speaks]
        fresh = np.ones(len(speaks), bool)
        fresh[1:] = (media[1:] != media[:-1]) | (rule[1:] != rule[:-1])
        lengths = np.bincount(media[fresh], minlength=entries)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        codes = pa.array([rule.code for rule in self.rules], pa.string())
        return pa.ListArray.from_arrays(pa.array(offsets), codes.take(pa.array(rule[fresh])))

    def table(self, ids: pa.Array) -> pa.Table:
        """Return them as a table; `ids` has the text of each entry's number."""
        codes = pa.array([rule.code for rule in self.rules], pa.string())
        effects = pa.array([str(effect) for effect in EFFECTS], pa.string())
        return made_at_once(
            finding_id=lambda: hex_text(self.ids),
            code=lambda: codes.take(pa.array(self.rule)),
            media_id=lambda: ids.take(pa.array(self.media)),
            effect=lambda: effects.take(pa.array(self.effect)),
            params=lambda: self.texts.take(pa.array(self.text)),
            waiver=lambda: self.waivers,
        )


def made_at_once(**columns: Callable[[], pa.Array]) -> pa.Table:
    """Return a table of columns that are made side by side: Arrow lets other threads go on."""
    with ThreadPoolExecutor() as pool:
        made = {name: pool.submit(make) for name, make in columns.items()}
        return pa.table({name: column.result() for name, column in made.items()})


def gather(
    answers: Iterable[Answers],
    *,
    marks: Digests,
    locators: pa.Array,
    waivers: Held,
) -> Findings:
    """Return the findings that follow from answers.

    Args:
        answers: What rules found.
        marks: 16 bytes for each entry that tell it from all others, shape (E, 16).
        locators: The locator of each entry.
        waivers: Those that can hold.
    """
    spoke = sorted((a for a in answers if len(a.media)), key=lambda a: a.rule.code)
    rule = np.repeat(np.arange(len(spoke), dtype=np.int16), [len(a.media) for a in spoke])
    media = np.concatenate([np.empty(0, np.int32), *(a.media for a in spoke)])
    first = np.cumsum([0, *(len(a.params) for a in spoke)])
    shifted = (a.answer + at for a, at in zip(spoke, first, strict=False))
    answer = np.concatenate([np.empty(0, np.int64), *shifted])
    every = np.concatenate([np.empty((0, 32), np.uint8), *(a.digests for a in spoke)])
    ids = _add(every[:, :16].take(answer, axis=0), marks.take(media, axis=0))
    order = _order(rule, media, ids)
    rule, media, answer, ids = rule[order], media[order], answer[order], ids[order]
    params = _text(pa.chunked_array([a.params for a in spoke], pa.string()))
    rules = [a.rule for a in spoke]
    strength = np.array([EFFECTS.index(r.effect) for r in rules], np.int8)
    effect, told = strength[rule], pa.nulls(len(rule), pa.string())
    if waivers.answered:
        told = _waived(rules, rule, media, locators, waivers)
        effect = np.where(pc.is_valid(told).to_numpy(zero_copy_only=False), 2, effect)
    return Findings(
        rules=rules,
        rule=rule,
        media=media,
        effect=effect.astype(np.int8),
        digests=every.take(answer, axis=0),
        ids=ids,
        texts=params,
        text=answer,
        waivers=told,
    )


def joined(findings: Findings, others: Findings) -> Findings:
    """Return the findings of two sets of rules, none of which is in both, in one order."""
    if not len(others.rule):
        return findings
    parts = [
        (one.rules[place].code, one, place) for one in (findings, others)
        for place in range(len(one.rules))
    ]  # fmt: skip
    parts.sort(key=lambda part: part[0])
    places = {id(one): np.searchsorted(one.rule, np.arange(len(one.rules) + 1))
              for one in (findings, others)}  # fmt: skip
    runs = [(one, slice(*places[id(one)][place : place + 2])) for _, one, place in parts]

    def together(name: str) -> Any:
        return np.concatenate([getattr(one, name)[run] for one, run in runs])

    shift = {id(findings): 0, id(others): len(findings.texts)}
    lengths = [run.stop - run.start for _, run in runs]
    return Findings(
        rules=[one.rules[place] for _, one, place in parts],
        rule=np.repeat(np.arange(len(runs), dtype=np.int16), lengths),
        media=together("media"),
        effect=together("effect"),
        digests=together("digests"),
        ids=together("ids"),
        texts=pa.concat_arrays([findings.texts, others.texts]),
        text=np.concatenate([one.text[run] + shift[id(one)] for one, run in runs]),
        waivers=pa.concat_arrays([one.waivers[run] for one, run in runs]),
    )


def evidence(findings: Findings) -> tuple[Numbers, Digests]:
    """Return the entries with findings, in order, and a digest of each one's, shape (M, 32)."""
    media = findings.media[findings.by_entry]
    starts = np.flatnonzero(np.diff(media, prepend=-1))
    lengths = np.diff(starts, append=len(media))
    told = findings.digests[findings.by_entry[starts]]
    # Most entries with a finding have one.
    several = lengths > 1
    rows = findings.by_entry[np.repeat(several, lengths)]
    ends = np.cumsum(lengths[several])
    told[several] = _sums(findings.digests[rows], ends - lengths[several])
    return media[starts], told


def _sums(digests: Digests, starts: npt.NDArray[np.int64]) -> Digests:
    """Return the sums of numbers of 32 bytes modulo 2^256, run by run."""
    parts = digests.view(">u4").astype(np.uint64)
    return _carried(np.add.reduceat(parts, starts, axis=0) if len(starts) else parts)


def _carried(sums: npt.NDArray[np.uint64]) -> Digests:
    # Each part is 32 bits and was summed in 64: what is over goes to the part before it.
    for place in range(7, 0, -1):
        sums[:, place - 1] += sums[:, place] >> np.uint64(32)
    return (sums & np.uint64(0xFFFFFFFF)).astype(">u4").view(np.uint8)


def added(*terms: Digests) -> Digests:
    """Return the sums of numbers of 32 bytes modulo 2^256, shape (N, 32)."""
    total = np.ascontiguousarray(terms[0]).view(">u8").astype(np.uint64)
    for term in terms[1:]:
        _add_to(total, np.ascontiguousarray(term).view(">u8"))
    return total.astype(">u8").view(np.uint8)


def _add_to(total: npt.NDArray[np.uint64], term: npt.NDArray[Any]) -> None:
    """Add numbers of several words, the highest first, in place: columns of N rows."""
    carry = np.zeros(len(total), np.bool_)
    for place in range(total.shape[1] - 1, -1, -1):
        word = term[:, place].astype(np.uint64)
        summed = total[:, place] + word
        over = summed < word
        summed += carry
        # A carry makes a word zero only where it was full, and then nothing else carries.
        over |= carry & (summed == 0)
        total[:, place], carry = summed, over


def fixed_bytes(column: pa.Array) -> Digests:
    """Return a column of binary of one width as an array, shape (N, width)."""
    width = column.type.byte_width
    values = np.frombuffer(column.buffers()[1] or b"", np.uint8)
    start = column.offset * width
    return values[start : start + len(column) * width].reshape(-1, width)


def hex_text(digests: Digests) -> pa.Array:
    """Return digests as lower-case hexadecimal text.

    >>> hex_text(np.array([[0, 171]], np.uint8)).to_pylist()
    ['00ab']
    """
    count, width = digests.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(2 * width)
    text = np.ascontiguousarray(digests).tobytes().hex().encode()
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _add(left: Digests, right: Digests) -> Digests:
    """Return the sums of numbers of 16 bytes modulo 2^128."""
    total = left.reshape(-1, 16).view(">u8").astype(np.uint64)
    _add_to(total, right.reshape(-1, 16).view(">u8"))
    return total.astype(">u8").view(np.uint8)


def _order(rule: npt.NDArray[np.int16], media: Numbers, ids: Digests) -> npt.NDArray[np.int64]:
    """Return the order by rule, entry and id, each finding once."""
    key = rule.astype(np.int64) << 32 | media
    order = np.argsort(key, kind="stable")
    key = key[order]
    tied = np.zeros(len(key), bool)
    same = key[1:] == key[:-1]
    tied[1:] = same
    tied[:-1] |= same
    if not tied.any():
        return order
    places = np.flatnonzero(tied)
    high, low = ids[order[places]].view(">u8").astype(np.uint64).T
    order[places] = order[places][np.lexsort((low, high, key[places]))]
    again = np.zeros(len(key), bool)
    again[1:] = same & (ids[order[1:]] == ids[order[:-1]]).all(axis=1)
    return order[~again]


def _waived(
    rules: Sequence[Rule],
    rule: npt.NDArray[np.int16],
    media: Numbers,
    locators: pa.Array,
    waivers: Held,
) -> pa.Array:
    """Return who answers for each finding."""
    told = np.full(len(rule), None, object)
    for number, asked in enumerate(rules):
        if asked.code in waivers.everywhere:
            told[rule == number] = waivers.text(asked)
        if asked.code in waivers.named:
            names = pa.array(waivers.named[asked.code], pa.string())
            named = pc.is_in(locators, value_set=names).to_numpy(zero_copy_only=False)
            for place in np.flatnonzero((rule == number) & named[media]):
                told[place] = waivers.text(asked, locators[int(media[place])].as_py())
    return pa.array(told, pa.string())


def _text(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)
