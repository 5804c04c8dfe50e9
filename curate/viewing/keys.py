"""Which key, with Alt, asks for which operator; `plugin/keys.js` is handed them as JSON."""

from __future__ import annotations

KEYS = {
    "clear": "C",
    "block": "B",
    "leave": "L",
    "confirm": "I",
    "dispute": "D",
    "name_subject": "P",
    "merge": "M",
    "split": "X",
    "keep": "K",
    "relabel": "R",
    "waive": "W",
    "unblur": "V",
    "next": "N",
    "undo": "Z",
}
