"""What all tables share: column types, names of constraints, and that no state is entered but by its ways."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, cast

from sqlalchemy import JSON, Enum, MetaData, event
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from disclosure.catalog import GateId, MaterialKind, Milestone
from disclosure.figures.figures import FigureState
from disclosure.records import states
from disclosure.records.types import ExactDecimal, UtcDateTime, choice


class Base(DeclarativeBase):
    """Shared column types and a naming grammar, so that migrations can name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime,
        Decimal: ExactDecimal,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, str]]: JSON,
        dict[str, str]: JSON,
        **{kind: choice("state", kind) for kind in states.WAYS},
        FigureState: choice("figure_state", FigureState),
        GateId: choice("gate", GateId),
        Milestone: choice("milestone", Milestone),
        states.AskStep: choice("question", states.AskStep),
        states.Outcome: choice("outcome", states.Outcome),
        states.DeliveryAction: choice("action", states.DeliveryAction),
        states.WithdrawalKind: choice("kind", states.WithdrawalKind),
        states.RevisionAnswer: choice("answer", states.RevisionAnswer),
        states.ChangeCause: choice("cause", states.ChangeCause),
        MaterialKind: choice("material", MaterialKind),
        states.HeldDoor: choice("door", states.HeldDoor),
        states.KeyUse: choice("use", states.KeyUse),
        states.Severity: choice("severity", states.Severity),
    }


@event.listens_for(Base, "attribute_instrument", propagate=True)
def _guard(_class: type[Base], _key: str, attribute: InstrumentedAttribute[Any]) -> None:
    """Let a state be assigned only by a way that ``states.WAYS`` has."""
    columns = getattr(attribute.property, "columns", ())
    kind = cast("type[StrEnum] | None", next((c.type.enum_class for c in columns if isinstance(c.type, Enum)), None))
    if kind is None:
        return

    @event.listens_for(attribute, "set", retval=True, active_history=True)
    def _check(_row: Base, value: Any, before: Any, _initiator: object) -> StrEnum:
        try:
            after = kind(value)
        except ValueError as error:
            raise states.StateError(f"“{value}”不是 {kind.__name__} 的任何一种，没有写入。") from error
        states.check_way(before if isinstance(before, kind) else None, after)
        return after
