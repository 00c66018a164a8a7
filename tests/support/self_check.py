"""What the self-check says of an installation, short enough for an assertion."""

from __future__ import annotations

from disclosure.records.installation import Installation
from disclosure.records.self_check.findings import RecordsFault
from disclosure.records.self_check.inspection import check_records


def first_problem(installation: Installation) -> str:
    """What is found first, empty when all is well."""
    return next((finding.found for finding in check_records(installation).stopping), "")


def faults(installation: Installation) -> set[RecordsFault]:
    """Every fault for which nothing may be published."""
    return {finding.fault for finding in check_records(installation).stopping}
