"""Our records: tables, transactions, migrations and the ledger."""

# Asks and decisions refer to these by name, and migrations look for every table.
from disclosure.records import (
    correction_tables,
    openness_tables,
    proof_tables,
    reminder_tables,
    supervision_tables,
)
from disclosure.records.database import Records, open_records

__all__ = [
    "Records",
    "correction_tables",
    "open_records",
    "openness_tables",
    "proof_tables",
    "reminder_tables",
    "supervision_tables",
]
