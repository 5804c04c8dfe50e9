"""The exception crosses process boundaries whole."""

from __future__ import annotations

import pickle

from curate.media import Reason, UnreadableError


def test_error_survives_pickling_with_its_digests() -> None:
    error = UnreadableError(
        Reason.BOMB, "too many", digests={"sha256": "ab", "md5": "cd"}, byte_size=3
    )
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason_code, again.detail) == (Reason.BOMB, "too many")
    assert (again.sha256, again.digests["md5"], again.byte_size) == ("ab", "cd", 3)
