"""The forms that people answer on a suspended run: RunInput models in Chinese, no field with a default.

What a person reads before answering (Markdown) is the description of the first field: the form's own
description stands above it too, but the UI squeezes it to nothing as soon as the form is taller than the window.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from prefect.input import RunInput
from pydantic import Field, WithJsonSchema, create_model

from disclosure.review.forms import (
    AT_ONCE,
    COLLECT_ACTIONS,
    LATER_OUTCOMES,
    LONGEST_OPINION,
    OUTCOMES,
    RETURN_TO_NOBODY,
)

_NAME = (str, Field(title="姓名", description="登记时的姓名", min_length=1, max_length=30))
_CODE = (str, Field(title="一次性口令", description="验证器上正在显示的 6 位数字", pattern=r"^\d{6}$"))


def review_form(gates: Sequence[str], centres: Sequence[str], briefing: str) -> type[RunInput]:
    """The form of the reviews: ``gates`` still open, ``centres`` one can return to."""
    hint = "退回时写明哪里有问题、怎样修改；通过可写“同意”；数据审核通过前，报告中须说明的问题要逐条写明"
    fields = {**_decision(gates, tuple(OUTCOMES), briefing, hint), "returned_to": _returned_to(centres)}
    return create_model("审核", __base__=RunInput, **fields)


def sign_off_form(gates: Sequence[str], centres: Sequence[str], briefing: str) -> type[RunInput]:
    """The leader's form: a review with the time of publication."""
    hint = "退回时写明哪里有问题、怎样修改；通过可写“同意”"
    fields = {
        **_decision(gates, tuple(OUTCOMES), briefing, hint),
        "publish_at": (
            str,
            Field(
                title="计划发布时间",
                description=f"填“{AT_ONCE}”，或如 2026-03-15 09:00（北京时间）；退回时填“{AT_ONCE}”即可",
                min_length=1,
                max_length=30,
            ),
        ),
        "returned_to": _returned_to(centres),
    }
    return create_model("签发", __base__=RunInput, **fields)


def later_review_form(gates: Sequence[str], briefing: str) -> type[RunInput]:
    """The form of the reviews that an emergency sign-off went ahead of: nothing can be returned any more."""
    hint = "发现问题时写明哪里有问题、应怎样更正；通过可写“同意”"
    return create_model("补审", __base__=RunInput, **_decision(gates, tuple(LATER_OUTCOMES), briefing, hint))


def _decision(gates: Sequence[str], outcomes: Sequence[str], briefing: str, hint: str) -> dict[str, Any]:
    """The fields of every decision, in the order they are asked."""
    return {
        "gate": (_choice(gates), Field(title="审核环节", description=_as_paragraphs(briefing))),
        "outcome": (_choice(outcomes), Field(title="结论")),
        "name": _NAME,
        "code": _CODE,
        "opinion": (str, Field(title="意见", description=hint, min_length=1, max_length=LONGEST_OPINION)),
    }


def _returned_to(centres: Sequence[str]) -> Any:
    return (
        list[_choice((RETURN_TO_NOBODY, *centres))],  # type: ignore[misc]
        Field(title="退回给", description="退回时选择需要重报的单位（可多选）；通过时选“不退回”"),
    )


def collect_form(briefing: str) -> type[RunInput]:
    """The compiler's form while centres are missing."""
    fields: dict[str, Any] = {
        "action": (_choice(COLLECT_ACTIONS), Field(title="处理方式", description=_as_paragraphs(briefing))),
        "name": _NAME,
        "code": (
            str,
            Field(title="一次性口令", description="先行汇总时必须正确；再检查时可填 000000", pattern=r"^\d{6}$"),
        ),
        "reason": (
            str,
            Field(title="理由", description="先行汇总的理由会作为脚注公开", min_length=1, max_length=LONGEST_OPINION),
        ),
    }
    return create_model("报送", __base__=RunInput, **fields)


def office_form(actions: Sequence[str], briefing: str) -> type[RunInput]:
    """The form of the office that keeps openness elements: does the content stand?"""
    fields: dict[str, Any] = {
        "action": (_choice(actions), Field(title="处理方式", description=_as_paragraphs(briefing))),
        "name": _NAME,
        "code": (
            str,
            Field(title="一次性口令", description="送审、撤回时必须正确；再看时可填 000000", pattern=r"^\d{6}$"),
        ),
        "opinion": (str, Field(title="说明", description="撤回时写明原因；送审可写“无”", min_length=1, max_length=200)),
    }
    return create_model("核对", __base__=RunInput, **fields)


def confirmation_form(labels: Sequence[str], none: str, briefing: str) -> type[RunInput]:
    """The yearly form: which of the public elements have changed, ``none`` for none."""
    fields: dict[str, Any] = {
        "changed": (
            list[_choice((none, *labels))],  # type: ignore[misc]
            Field(title="有变化的内容", description=_as_paragraphs(briefing)),
        ),
        "name": _NAME,
        "code": _CODE,
    }
    return create_model("年度确认", __base__=RunInput, **fields)


def _choice(options: Sequence[str]) -> Any:
    """One of ``options``; a drop-down even when there is only one, which the UI would show as a locked, empty box."""
    return Annotated[Literal[tuple(options)], WithJsonSchema({"type": "string", "enum": list(options)})]


def _as_paragraphs(markdown: str) -> str:
    """Every line a paragraph of its own: the UI runs single line breaks of a field's description together."""
    return re.sub(r"\n+", "\n\n", markdown.strip())
