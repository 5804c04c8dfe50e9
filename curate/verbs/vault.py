"""`curate vault`: whose embeddings are kept, how long, and what must go with a person.

The vault knows owners and dates; the catalogue knows which face is whose, and the ledger until
when. Only faces of an identity are kept: one that is too poor to judge is nobody's, and is
embedded again when it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.errors import UnknownNameError
from curate.model.config import Config
from curate.workspace import Workspace

if TYPE_CHECKING:
    from curate.vault import Vault
    from curate.verbs.context import Context

# Whose each face's embedding is.
_OWNED = """
SELECT face_id, CASE WHEN subject_id IS NOT NULL THEN 'subject:' || subject_id
                     ELSE 'identity:' || identity_id END AS owner
FROM identities WHERE identity_id IS NOT NULL
"""

# Identities that may be a person's: seen where they are declared, and linked to nobody else.
_MAYBE = """
SELECT DISTINCT d.subject_id, 'identity:' || i.identity_id AS owner
FROM depictions d
JOIN entries e USING (media_id)
JOIN faces f USING (sha256)
JOIN identities i USING (face_id)
WHERE i.identity_id IS NOT NULL AND i.subject_id IS NULL
"""


def open_vault(context: Context) -> Keeper:
    """Return what keeps embeddings in the vault, once what has come to its date is gone.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
    """
    return Keeper.of(context.workspace, context.config, context.clock())


def holds_embeddings(context: Context) -> bool:
    """Return whether the vault holds the key of anybody's embeddings."""
    return any((context.workspace.vault / "keys").glob("*.key"))


def shred(context: Context, subject: str) -> int:
    """Destroy the keys of a subject's embeddings for good; return how many there were.

    Raises:
        UnknownNameError: No record or entry names the subject.
        MissingKeyError: The vault's key is not where it should be.
    """
    with context.workspace.writing():
        return open_vault(context).shred(subject)


@dataclass(frozen=True)
class Keeper:
    """Keeps the embeddings of one workspace.

    Attributes:
        vault: Where.
        catalog: Says which face is whose.
        ledger: Says by when a person's must be gone.
        days: How long embeddings stay.
        now: The present instant, in UTC.
    """

    vault: Vault
    catalog: Catalog
    ledger: Ledger
    days: int
    now: datetime

    @staticmethod
    def of(place: Workspace, config: Config, now: datetime) -> Keeper:
        """Return the keeper of a workspace, after what has come to its date is destroyed.

        A workspace that keeps nothing yet gets a key, if there is none; later the key must be
        where it was.

        Args:
            place: The workspace.
            config: Its settings: where the key lies, and how long embeddings stay.
            now: The present instant, in UTC.

        Raises:
            MissingKeyError: There is no key, though something was sealed with one.
        """
        from curate.vault import Vault, vault_key

        key, _ = vault_key(place, config.vault_key, create=True)
        vault = Vault(place.vault, key)
        keeper = Keeper(vault, Catalog(place.catalog), Ledger(place.ledger), config.keep_days, now)
        keeper.expire()
        return keeper

    def expire(self) -> int:
        """Destroy what has come to its date; return how many owners lost their key."""
        rows = self.ledger.read("subjects").to_pylist()
        dates = {_subject(r["subject_id"]): r["destroy_by"] for r in rows if r["destroy_by"]}
        return self.vault.expire(self.now, dates)

    def recalled(self, model_id: str) -> list[pa.Table]:
        """Return the embeddings kept of a model: face_id, vector.

        Raises:
            VerificationError: A file does not open.
        """
        return [self.vault.open(one) for one in self.vault.kept() if one.model_id == model_id]

    def last_day(self, model_id: str) -> datetime | None:
        """Return when the first of the embeddings kept of a model must be gone; None without."""
        return min((k.expires_at for k in self.vault.kept() if k.model_id == model_id),
                   default=None)  # fmt: skip

    def keep(self, embeddings: pa.Table, model_id: str, *, until: datetime | None = None) -> int:
        """Seal embeddings of a model by owner, and destroy those of former owners.

        Args:
            embeddings: ``face_id`` and ``vector``.
            model_id: Their model.
            until: When they must be gone; as long from now as the settings say when None.

        Returns:
            How many are kept; what was shredded, or is past its date, is not.
        """
        owner_of = dict(self._query(_OWNED))
        refused = self._refused()
        places: dict[str, list[int]] = {}
        for place, face in enumerate(embeddings["face_id"].to_pylist()):
            owner = owner_of.get(face)
            if owner is not None and owner not in refused:
                places.setdefault(owner, []).append(place)
        ends = until or self.now + timedelta(days=self.days)
        for owner, rows in sorted(places.items()):
            part = embeddings.take(pa.array(rows)).combine_chunks()
            self.vault.seal(owner, model_id, part, expires_at=ends)
        self.vault.keep_only(places, model_id)
        self.expire()
        return sum(map(len, places.values()))

    def shred(self, subject: str) -> int:
        """Destroy the keys of a subject, and of identities that may be theirs.

        Returns:
            How many keys there were.

        Raises:
            UnknownNameError: No record and no entry names the subject.
        """
        known = {row["subject_id"] for row in self.ledger.read("subjects").to_pylist()}
        known |= set(self.catalog.read("depictions")["subject_id"].to_pylist())
        if subject not in known:
            raise UnknownNameError(f"no record or entry names the subject {subject!r}")
        maybe = {owner for name, owner in self._query(_MAYBE) if name == subject}
        return self.vault.shred([_subject(subject), *sorted(maybe)])

    def _refused(self) -> set[str]:
        """Return owners of whom nothing is kept: who was shredded, and who may be them."""
        maybe = self._query(_MAYBE)
        rows = self.ledger.read("subjects").to_pylist()
        people = {r["subject_id"] for r in rows} | {name for name, _ in maybe}
        people |= set(self.catalog.read("depictions")["subject_id"].to_pylist())
        gone = {name for name in people if self.vault.is_shredded(_subject(name))}
        gone |= {r["subject_id"] for r in rows if r["destroy_by"] and r["destroy_by"] <= self.now}
        return {_subject(name) for name in gone} | {owner for name, owner in maybe if name in gone}

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = self.catalog.connect()
        create_entries(connection)
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


def _subject(name: str) -> str:
    return f"subject:{name}"
