"""The catalogue: facts as YAML, overlaid by a profile, checked by pydantic models.

``load_catalog("chuxiong")`` is the one way in. A profile is a folder in ``profiles/`` or any path.
"""

from disclosure.catalog.catalog import Catalog, load_catalog
from disclosure.catalog.models import (
    Channel,
    Cycle,
    Gate,
    GateId,
    Holiday,
    Identity,
    ImportWords,
    Indicator,
    Insurance,
    KnownError,
    Milestone,
    Office,
    Quotient,
    Ratio,
    Region,
    Role,
    RoleId,
    Rule,
    Section,
    Severity,
    Unit,
)

__all__ = [
    "Catalog",
    "Channel",
    "Cycle",
    "Gate",
    "GateId",
    "Holiday",
    "Identity",
    "ImportWords",
    "Indicator",
    "Insurance",
    "KnownError",
    "Milestone",
    "Office",
    "Quotient",
    "Ratio",
    "Region",
    "Role",
    "RoleId",
    "Rule",
    "Section",
    "Severity",
    "Unit",
    "load_catalog",
]
