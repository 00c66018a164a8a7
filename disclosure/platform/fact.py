"""The base of every entry written in YAML, and the reading of one with its mistakes told by file and line."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from disclosure.platform.errors import DisclosureError
from disclosure.platform.yaml_source import Document, Location

Name = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]

_EXPECTED = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项，请检查拼写",
    "literal_error": "应为 {expected}",
    "string_pattern_mismatch": "写法不合规定的样式 {pattern}",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "decimal_parsing": "应为数字",
    "tuple_type": "应为列表",
    "dict_type": "应为“键: 值”的映射",
    "string_too_short": "不能为空",
    "too_short": "至少要有一项",
    "value_error": "{error}",
    "less_than_equal": "不能大于 {le}",
    "greater_than_equal": "不能小于 {ge}",
    "time_parsing": "应为 08:30 这样的时间",
    "date_from_datetime_parsing": "应为 2025-04-15 这样的日期",
}


class Fact(BaseModel):
    """Base of every catalogue entry: unknown keys are mistakes, entries never change once loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)


FactT = TypeVar("FactT", bound=Fact)


def read_fact(
    model: type[FactT], document: Document, at: Location = (), *, shows_values: bool = True, **given: str
) -> FactT:
    """Check what stands ``at`` a place of ``document``; ``given`` is what its key says.

    Raises:
        DisclosureError: with every mistake in it, as ``explain`` tells them.
    """
    data: Any = document.data
    for key in at:
        data = data.get(key, {})
    try:
        return model.model_validate({**given, **data} if isinstance(data, dict) else data)
    except ValidationError as error:
        raise DisclosureError(explain(error, document, at, shows_values=shows_values)) from error


def explain(error: ValidationError, document: Document, at: Location, *, shows_values: bool = True) -> str:
    """Say what is wrong, a line each with file and line; without ``shows_values`` nothing of what was written there."""
    lines = []
    for detail in error.errors():
        location = (*at, *detail["loc"])
        expected = expected_of(detail)
        given = "" if detail["type"] == "missing" or not shows_values else f"，实际为 {detail['input']!r}"
        path = ".".join(str(step) for step in location)
        lines.append(f"{document.locate(location)}：{path} {expected}{given}。")
    return "\n".join(lines)


def expected_of(detail: ErrorDetails) -> str:
    """Return what a value should have been, for one mistake of a ``ValidationError``."""
    if detail["type"] in _EXPECTED:
        return _EXPECTED[detail["type"]].format(**detail.get("ctx", {}))
    return detail["msg"].removeprefix("Value error, ")
