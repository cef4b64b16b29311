"""Who changes a study, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from study.config.study import Study
from study.store import audit
from study.store.engine import Db


@dataclass(frozen=True, slots=True)
class Desk:
    """An open transaction on a study's store, with who makes a change and when.

    Parameters
    ----------
    by : str
        Initials of an experimenter, or ``"desk"``; the audit log keeps them.
    """

    db: Db
    study: Study
    by: str
    at: datetime

    def log(self, action: str, subject: str, detail: dict[str, Any]) -> None:
        """Write a change to the audit log."""
        audit.add(self.db, actor=self.by, action=action, subject=subject, detail=detail, at=self.at)
