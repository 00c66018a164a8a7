"""Our records: tables, transactions, migrations and the ledger."""

# Asks and decisions refer to openness changes by name: every table is known once one is.
from disclosure.records import tables
from disclosure.records.database import Records, open_records

__all__ = ["Records", "open_records", "tables"]
