"""The forms that people answer on a suspended run: RunInput models in Chinese, no field with a default.

What a person reads before answering (Markdown) is the description of the first field: the form's own
description stands above it too, but the UI squeezes it to nothing as soon as the form is taller than the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from prefect.input import RunInput
from pydantic import Field, WithJsonSchema, create_model

from disclosure.platform.wording import words_beside
from disclosure.review.forms import (
    AT_ONCE,
    COLLECT_ACTIONS,
    LATER_OUTCOMES,
    LONGEST_OPINION,
    OUTCOMES,
    RETURN_TO_NOBODY,
    as_paragraphs,
)

_words = words_beside(__file__)
_LONGEST_REMARK = 200


def review_form(gates: Sequence[str], centres: Sequence[str], briefing: str) -> type[RunInput]:
    """Make the form of the reviews: ``gates`` still open, ``centres`` one can return to."""
    return _form(
        "review",
        gate=(_choice(gates), _told(briefing)),
        outcome=(_choice(tuple(OUTCOMES)), {}),
        opinion=_text(LONGEST_OPINION),
        returned_to=(_choices((RETURN_TO_NOBODY, *centres)), {}),
    )


def sign_off_form(gates: Sequence[str], centres: Sequence[str], briefing: str, hours: str) -> type[RunInput]:
    """Make the leader's form: a review with the time of publication, of which ``hours`` says what may be filled in."""
    return _form(
        "sign_off",
        gate=(_choice(gates), _told(briefing)),
        outcome=(_choice(tuple(OUTCOMES)), {}),
        opinion=_text(LONGEST_OPINION),
        publish_at=(str, {"min_length": 1, "max_length": 30, "description": hours}),
        returned_to=(_choices((RETURN_TO_NOBODY, *centres)), {}),
    )


def later_review_form(gates: Sequence[str], briefing: str) -> type[RunInput]:
    """Make the form of the reviews that an emergency sign-off went ahead of: nothing can be returned any more."""
    return _form(
        "later_review",
        gate=(_choice(gates), _told(briefing)),
        outcome=(_choice(tuple(LATER_OUTCOMES)), {}),
        opinion=_text(LONGEST_OPINION),
    )


def collect_form(briefing: str) -> type[RunInput]:
    """Make the compiler's form while centres are missing."""
    return _form("collect", action=(_choice(COLLECT_ACTIONS), _told(briefing)), reason=_text(LONGEST_OPINION))


def office_form(actions: Sequence[str], briefing: str) -> type[RunInput]:
    """Make the form of the office that keeps openness elements: does the content stand?"""
    return _form("office", action=(_choice(actions), _told(briefing)), opinion=_text(_LONGEST_REMARK))


def confirmation_form(labels: Sequence[str], none: str, briefing: str) -> type[RunInput]:
    """Make the yearly form: which of the public elements have changed, ``none`` for none."""
    return _form("confirmation", changed=(_choices((none, *labels)), _told(briefing)))


def _form(form: str, **asked: tuple[Any, dict[str, Any]]) -> type[RunInput]:
    """Make a form that asks what ``asked`` says and, after the choices, for name and one-time code."""
    proof: dict[str, tuple[Any, dict[str, Any]]] = {"name": _text(30), "code": (str, {"pattern": r"^\d{6}$"})}
    choices = {name: asked.pop(name) for name in ("gate", "action", "changed", "outcome") if name in asked}
    words: Any = _words()
    fields: dict[str, Any] = {}
    for name, (kind, rules) in (choices | proof | asked).items():
        told: dict[str, str] = words["fields"][name] | words["forms"][form].get(name, {})
        filled: dict[str, Any] = {key: text.format(at_once=AT_ONCE) for key, text in told.items()}
        fields[name] = (kind, Field(**(filled | rules)))
    return create_model(words["forms"][form]["title"], __base__=RunInput, **fields)


def _text(longest: int) -> tuple[Any, dict[str, Any]]:
    return str, {"min_length": 1, "max_length": longest}


def _choice(options: Sequence[str]) -> Any:
    """Offer one of ``options``; a drop-down even for a single one, which the UI would show locked and empty."""
    return Annotated[Literal[tuple(options)], WithJsonSchema({"type": "string", "enum": list(options)})]


def _choices(options: Sequence[str]) -> Any:
    return list[_choice(options)]  # type: ignore[misc]


def _told(markdown: str) -> dict[str, Any]:
    return {"description": as_paragraphs(markdown)}
