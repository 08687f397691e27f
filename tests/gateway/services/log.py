"""A log with a sequencer and its file, for tests."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from audit.note import CheckpointSigner
from audit.report import Code, Report
from gateway.services.audit_log import AuditLog
from gateway.services.sequencer import Sequencer
from gateway.store.database import Database
from tests.gateway.store.rows import NOW, mac

SIGNER = CheckpointSigner("privgate.test/log", bytes(range(32)))


def is_authentic(entry: bytes, code: bytes) -> bool:
    return hmac.compare_digest(mac(entry), code)


@dataclass
class Log:
    database: Database
    outside: Path

    @property
    def sequencer(self) -> Sequencer:
        """A sequencer as after a restart."""
        return Sequencer(self.database, SIGNER, self.outside, lambda: NOW, is_authentic)

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self.database, SIGNER.verifier, self.outside, lambda: NOW)

    def act(self, *subjects: str) -> None:
        """One entry for each subject, each in a transaction of its own."""
        for subject in subjects:
            with self.database.unit() as unit:
                unit.ledger.record(actor="person-1", action="thing.done", subject=subject)

    def grow(self, checkpoints: int, each: int = 4) -> None:
        """So many checkpoints, each over `each` more entries."""
        for _ in range(checkpoints):
            self.act(*(f"thing-{number}" for number in range(each)))
            assert self.sequencer.run_once() == each

    def tamper(self, *statements: str) -> None:
        with self.database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def codes(self) -> set[Code]:
        return {finding.code for finding in self.verify().findings if finding.failure}

    def verify(self) -> Report:
        return self.audit.verify_here()

    def places(self, code: Code) -> list[dict[str, int | str]]:
        return [finding.places for finding in self.verify().findings if finding.code is code]
