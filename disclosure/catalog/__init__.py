"""The catalogue: facts as YAML, overlaid by a profile, checked by pydantic models.

``load_catalog("chuxiong")`` is the one way in. A profile is a folder in ``profiles/`` or any path.
"""

from disclosure.catalog.catalog import Catalog, load_catalog
from disclosure.catalog.channel_models import Channel
from disclosure.catalog.models import (
    Correction,
    Cycle,
    Gate,
    GateId,
    Holiday,
    Holidays,
    Identity,
    ImportWords,
    Indicator,
    Insurance,
    KnownError,
    Milestone,
    MilestoneFacts,
    Office,
    Quotient,
    Ratio,
    Region,
    ReminderRules,
    Role,
    RoleId,
    Rule,
    Section,
    Severity,
    Unit,
)
from disclosure.catalog.openness_models import OpennessElement, OpennessItem

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
    "ImportWords",
    "Indicator",
    "Insurance",
    "KnownError",
    "Milestone",
    "MilestoneFacts",
    "Office",
    "OpennessElement",
    "OpennessItem",
    "Quotient",
    "Ratio",
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
