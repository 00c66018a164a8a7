"""The catalogue: facts as YAML, overlaid by a profile, checked by pydantic models.

``load_catalog("chuxiong")`` is the one way in. A profile is a folder in ``profiles/`` or any path.
"""

from disclosure.catalog.catalog import BASE, PROFILES, Catalog, normalise
from disclosure.catalog.loading import load_catalog
from disclosure.catalog.models.access import EmbargoRule, MaterialKind, SeenWhen
from disclosure.catalog.models.channels import Channel
from disclosure.catalog.models.history import ImportWords, KnownError
from disclosure.catalog.models.indicators import (
    ComparisonBase,
    DisclosureSection,
    Indicator,
    IndicatorKind,
    Insurance,
    Timing,
    Unit,
)
from disclosure.catalog.models.openness import OpennessElement, OpennessItem
from disclosure.catalog.models.organisation import (
    CycleFacts,
    DatedGate,
    Gate,
    GateId,
    Milestone,
    MilestoneFacts,
    Office,
    Power,
    PowerId,
    Region,
    Role,
    RoleId,
)
from disclosure.catalog.models.reminders import HolidayCorrection, Messenger, ReminderRules
from disclosure.catalog.models.rules import Identity, Quotient, Ratio, Rule, Severity

__all__ = [
    "BASE",
    "PROFILES",
    "Catalog",
    "Channel",
    "ComparisonBase",
    "CycleFacts",
    "DatedGate",
    "DisclosureSection",
    "EmbargoRule",
    "Gate",
    "GateId",
    "HolidayCorrection",
    "Identity",
    "ImportWords",
    "Indicator",
    "IndicatorKind",
    "Insurance",
    "KnownError",
    "MaterialKind",
    "Messenger",
    "Milestone",
    "MilestoneFacts",
    "Office",
    "OpennessElement",
    "OpennessItem",
    "Power",
    "PowerId",
    "Quotient",
    "Ratio",
    "Region",
    "ReminderRules",
    "Role",
    "RoleId",
    "Rule",
    "SeenWhen",
    "Severity",
    "Timing",
    "Unit",
    "load_catalog",
    "normalise",
]
