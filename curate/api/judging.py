"""Verbs that judge, and those of people who withdraw, decide, or are erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate import statements
from curate.api.places import TOOL, Places
from curate.catalog.audits import Audited, with_run
from curate.catalog.digest import joined_digest, tables_digest
from curate.statements import Recorded
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.rule import Rule
    from curate.catalog.impact import Impact
    from curate.releasing.erase import Erasure
    from curate.signing import SigningKey


@dataclass
class Judging(Places):
    """Judges entries, and hears people."""

    def audit(
        self,
        *,
        use: str = DEFAULT_USE,
        as_of: datetime | None = None,
        rules: Iterable[Rule] | None = None,
        assignment: str | None = None,
    ) -> Audited:
        """Judge every entry for a use, and keep findings and verdicts.

        Args:
            use: The name of a use profile in `curate.toml`.
            as_of: The instant to judge at, by what was known then; now when None.
            rules: The rules to apply; all when None.
            assignment: Splits that `curate split` made, to judge by in the place of those declared.

        Raises:
            UnknownNameError: There is no such use or assignment.
            VerificationError: The ledger is not what was recorded.
        """
        from curate.audit.facts import Question
        from curate.audit.judge import judge
        from curate.audit.rules import ALL_RULES, RULESET_VERSION, check_waivers

        profile = self.use(use)
        check_waivers(self.config.waivers, where=str(self.workspace.config))
        moment = as_of or self.clock()
        chosen = tuple(ALL_RULES if rules is None else rules)
        told = {"use": use, "as_of": moment, "rules": [rule.code for rule in chosen]}
        told |= {} if assignment is None else {"assignment": assignment}
        waivers = (*self.config.waivers, *self.reviewed_waivers(known_at=moment))
        question = Question(profile, self.config.purposes, moment, waivers)
        with self.workspace.writing(), self._record("audit", told) as record:
            # A ledger that someone changed must not clear anything.
            self.ledger.verify().demand(where=str(self.workspace.ledger))
            self.heed()
            prepared, digest = self.reading.prepared(assignment=assignment)
            said = self.reading.statements(known_at=as_of)
            judged = judge(prepared, said, chosen, question)
            run_id = str(record["run_id"])
            findings = with_run(run_id, judged.findings)
            verdicts = with_run(run_id, judged.verdicts)
            self.catalog.append("findings", findings)
            self.catalog.append("verdicts", verdicts)
            result = Audited(run_id, profile, moment, findings, verdicts, assignment)
            record["counts"] = {**result.counts(), "findings": findings.num_rows}
            record["versions"] = {"ruleset": RULESET_VERSION, "policy": self.policy_digest()}
            record["inputs"] = joined_digest(digest, tables_digest(said))
        return result

    def impact(self, subject: str) -> Impact:
        """Return what a withdrawal of `subject` would touch."""
        return self.reading.impact(subject)

    def withdraw(
        self, subject: str, *, effective_at: datetime | None = None, purpose: str | None = None
    ) -> Recorded:
        """Record that `subject` withdrew. See `curate.consent.withdrawal.withdrawal`.

        Args:
            subject: The subject's pseudonym.
            effective_at: From when it holds, in UTC; now when None.
            purpose: Withdraw from this purpose alone; from everything when None.

        Raises:
            UnknownNameError: No record or entry names the subject, or no purpose is called so.
        """
        depicted = subject in set(self.catalog.read("depictions")["subject_id"].to_pylist())
        return statements.withdraw(
            subject,
            self.ledger,
            self.config,
            effective_at=effective_at,
            purpose=purpose,
            depicted=depicted,
            now=self.clock(),
        )

    def decide(
        self, locator: str, verdict: str, *, reviewer: str, reason: str, use: str = DEFAULT_USE
    ) -> str:
        """Record a reviewer's decision on one entry, and return its id.

        Args:
            locator: The entry's locator or id.
            verdict: ``cleared``, ``blocked``, or ``undecided`` to take a decision back.
            reviewer: Who decides. Clearing takes two.
            reason: Why.
            use: The use it is decided for.

        Raises:
            InputError: The entry is blocked, which no reviewer clears, or no audit has run.
            UnknownNameError: No entry is called that.
        """
        return statements.decide(
            self.entry(locator),
            verdict,
            self.latest_audit(use=use),
            self.ledger,
            reviewer=reviewer,
            reason=reason,
            now=self.clock(),
        )

    def erasure(self, subject: str) -> Erasure:
        """Return what an erasure of `subject` would destroy, and whether they asked for it."""
        from curate.releasing.erase import Erasure

        return Erasure(self.impact(subject), self.catalog, self.ledger, self.clock())

    def erase(
        self, subject: str, *, delete_files: bool = False, keys: Sequence[SigningKey] = ()
    ) -> tuple[Path, dict[str, Any]]:
        """Destroy what is held of a person who asked for it; return the receipt, and what it says.

        Args:
            subject: The subject's pseudonym.
            delete_files: Delete the files that show them, too.
            keys: What signs the receipt.

        Raises:
            InputError: Neither a withdrawal nor a request of theirs is on record.
            MissingKeyError: The vault's key is not where it should be.
        """
        from curate.releasing.erase import Acts

        def audits() -> dict[str, Audited]:
            return {use: self.audit(use=use) for use in self.config.uses}

        @contextmanager
        def recording(request: str) -> Iterator[dict[str, Any]]:
            told = {"request": request}
            with self.workspace.writing(), self._record("consent erase", told) as record:
                yield record

        def shred() -> int:
            sealed = any((self.workspace.vault / "keys").glob("*.key"))
            return self.shred(subject) if sealed else 0

        erasure = self.erasure(subject)
        acts = Acts(audits, recording, shred)
        said = {**erasure.carry_out(acts, delete_files=delete_files), "tool": TOOL}
        return erasure.write_receipt(self.workspace.root, said, keys), said
