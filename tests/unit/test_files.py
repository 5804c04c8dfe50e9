import os

import pytest

from curate.files import write_whole


def test_a_write_that_fails_leaves_what_was_there(tmp_path) -> None:
    place = write_whole(tmp_path / "made" / "a.txt", "before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(place, "after \ud800")
    assert place.read_text() == "before"


@pytest.mark.parametrize(("private", "mode"), [(True, 0o700), (False, 0o755)])
def test_what_is_private_is_for_its_owner_alone(tmp_path, private, mode) -> None:
    before = os.umask(0o022)
    try:
        place = write_whole(tmp_path / "made" / "a.bin", b"a", private=private)
    finally:
        os.umask(before)
    assert place.stat().st_mode & 0o777 == mode & 0o666
    assert place.parent.stat().st_mode & 0o777 == mode
