"""Our records: tables, transactions, migrations and the ledger."""

from disclosure.records import correction_tables as _correction_tables  # migrations look for every table
from disclosure.records import openness_tables as _openness_tables  # asks and decisions refer to them by name
from disclosure.records.database import Records, open_records

__all__ = ["Records", "open_records"]

del _correction_tables, _openness_tables
