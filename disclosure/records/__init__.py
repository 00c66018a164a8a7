"""Our records: tables, transactions, migrations and the ledger."""

from disclosure.records.database import Records, open_records

__all__ = ["Records", "open_records"]
