"""Who may see what before it is published."""

from __future__ import annotations

from typing import Literal

from disclosure.catalog.models.organisation import RoleId
from disclosure.platform.fact import Fact

#: What may be unpublished: quality reports, previews of releases, replies to an office's workbook or text, what a gate
#: is told (the run's page with its form), previews of openness pages.
MaterialKind = Literal["report", "preview", "reply", "briefing", "openness"]
#: From when a role sees it: never before publication, its own office's, those and once a
#: gate of the role was asked, always.
SeenWhen = Literal["never", "own", "at_gate", "always"]


class EmbargoRule(Fact):
    """From when people of one role see each kind of unpublished material."""

    role: RoleId
    report: SeenWhen = "never"
    preview: SeenWhen = "never"
    reply: SeenWhen = "never"
    briefing: SeenWhen = "never"
    openness: SeenWhen = "never"

    def seen_when(self, kind: MaterialKind) -> SeenWhen:
        """Return from when the role sees material of ``kind``."""
        table: dict[MaterialKind, SeenWhen] = {
            "report": self.report,
            "preview": self.preview,
            "reply": self.reply,
            "briefing": self.briefing,
            "openness": self.openness,
        }
        return table[kind]
