"""Settings: checked against their schema, with safe defaults."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from curate.errors import ConfigError
from curate.model.config import Config, parse_config
from curate.schema import purpose_tree


def parse(text: str) -> Config:
    """Return the settings in `text`."""
    return parse_config(text, where="curate.toml")


def use(lines: str) -> str:
    """Return a use called u for a known purpose, with further lines."""
    return f'[uses.u]\npurpose = "train-detector"\n{lines}'


def test_nothing_said_is_the_default() -> None:
    """An empty file is valid."""
    assert parse("") == Config()


def test_what_is_said_replaces_the_default() -> None:
    """Every section is read."""
    config = parse(
        """
        [workspace]
        name = "lab"
        notice = "Invented."
        [ingest]
        real = ["Echt"]
        columns = { path = "file_name" }
        [faces]
        analyzer = "insightface"
        model = "packs/x"
        smallest = 16
        [probe]
        exact = true
        [dedup]
        radius = 10
        min_quality = 40
        turned = false
        [identity]
        false_match_rate = 0.01
        """
    )

    assert config == Config(
        name="lab",
        notice="Invented.",
        columns={"path": "file_name"},
        real_words=("echt",),
        analyzer="insightface",
        model="packs/x",
        smallest=16,
        exact=True,
        radius=10,
        min_quality=40,
        turned=False,
        false_match_rate=0.01,
    )


def test_use() -> None:
    """Lists become tuples, and instants UTC, whether TOML knows them as dates or not."""
    config = parse(use('operations = ["include"]\nstarts_at = 2026-01-01\nends_at = "2027-01-01"'))

    found = config.uses["u"]
    assert found.name == "u"
    assert found.operations == ("include",)
    assert found.starts_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.ends_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[dedup", "this is not TOML"),
        ("[dedup]\nradius = 65", "dedup.radius: 65 is greater"),
        ("[dedup]\nradius = true", "dedup.radius: True is not of type 'integer'"),
        ("[dedup]\nradus = 3", "'radus' was unexpected"),
        ("[uses.u]\n", "uses.u: 'purpose' is a required property"),
        ('[uses.u]\npurpose = "fly"', "purpose 'fly' is not known"),
        (use('operations = ["fly"]'), r"uses.u.operations\[0\]: 'fly' is not one of"),
        (use("operations = []"), "uses.u.operations"),
        (use('audience = "world"'), "uses.u.audience: 'world' is not one of"),
        (use("starts_at = 2027-01-01\nends_at = 2026-01-01"), "ends_at is not after starts_at"),
        (use("starts_at = 2026-01-01\nends_at = 2026-01-01"), "ends_at is not after starts_at"),
        (use('starts_at = "soon"'), "starts_at: 'soon' is not an RFC 3339"),
        (use("starts_at = 07:30:00"), "starts_at: '07:30:00' is not an RFC 3339"),
    ],
)
def test_settings_that_are_refused(text: str, problem: str) -> None:
    """Each says which field, and what was expected."""
    with pytest.raises(ConfigError, match=problem):
        parse(text)


def test_own_purposes_join_the_tree() -> None:
    """A project's own term stands below a known one, and a use may name it."""
    config = parse(
        '[purposes]\naudio = "train-detector"\nvoice = "audio"\n[uses.u]\npurpose = "voice"'
    )

    assert config.purposes == {**purpose_tree(), "audio": "train-detector", "voice": "audio"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('train-generator = "train-detector"', "'train-generator' is curate's own"),
        ('audio = "nowhere"', "'audio' stands below 'nowhere', which is not known"),
        ('a = "b"\nb = "a"', "'a' stands below itself"),
        ('a = "a"', "'a' stands below itself"),
    ],
)
def test_purposes_stay_a_tree(lines: str, problem: str) -> None:
    """A shipped term cannot be moved: old consents would grant what nobody agreed to."""
    with pytest.raises(ConfigError, match=problem):
        parse(f"[purposes]\n{lines}\n")
