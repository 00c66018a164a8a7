"""The catalogue: facts as YAML, overlaid by a profile, checked by pydantic models.

``load_catalog("chuxiong")`` is the one way in. A profile is a folder in ``profiles/`` or any path.
"""

from disclosure.catalog.catalog import Catalog, load_catalog
from disclosure.catalog.models import (
    Channel,
    Correction,
    Cycle,
    Gate,
    GateId,
    Holiday,
    Holidays,
    Identity,
    Indicator,
    Insurance,
    Milestone,
    MilestoneFacts,
    Office,
    Region,
    ReminderRules,
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
    "Correction",
    "Cycle",
    "Gate",
    "GateId",
    "Holiday",
    "Holidays",
    "Identity",
    "Indicator",
    "Insurance",
    "Milestone",
    "MilestoneFacts",
    "Office",
    "Region",
    "ReminderRules",
    "Role",
    "RoleId",
    "Rule",
    "Section",
    "Severity",
    "Unit",
    "load_catalog",
]
