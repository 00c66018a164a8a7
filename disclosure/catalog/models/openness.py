"""The nouns of the openness catalogue (政务公开标准目录): its items, their content elements, and what fills them.

An item says what must be public; the *content* of an element is what a bureau writes there. Contents never name a
result that can be computed, and where a bureau has not written something yet they say who must (``to_fill``).
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from disclosure.platform.fact import Fact, Id, Name

ItemNumber = Annotated[str, Field(pattern=r"^\d{2}$")]
ElementId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ElementKind = Literal[
    "guide", "forms", "contacts", "places", "rates", "calculation", "statistic", "text", "documents", "website"
]
Audience = Literal["everyone", "particular"]
Method = Literal["active", "on_request"]
Level = Literal["county", "township"]
Column = Literal[
    "number",
    "matters",
    "matter",
    "name",
    "elements",
    "basis",
    "time_limit",
    "body",
    "channels",
    "audience",
    "method",
    "levels",
]
#: Attributes that the source's table merged over several items.
Merged = Literal["matter", "basis", "time_limit", "body", "channels", "audience", "method", "levels"]


#: ``〔由州社保中心填写：咨询电话〕``: something a draft leaves to the office it names.
BLANK = re.compile(r"〔(由[^〕]*)〕")


def blanks_in(words: str) -> tuple[str, ...]:
    """Return what ``words`` still leave to somebody, in order."""
    return tuple(BLANK.findall(words))


class OpennessWords(Fact):
    """The words of the official table: its title, column heads and the names of what is ticked in it.

    ``short_title`` is what colleagues call it.
    """

    number: Name
    title: Name
    short_title: Name
    columns: dict[Column, Name]
    audience: dict[Audience, Name]
    method: dict[Method, Name]
    levels: dict[Level, Name]
    kinds: dict[ElementKind, Name]


class OpennessMatter(Fact):
    """A first-level matter (一级事项); the order of the YAML is the order of the table."""

    id: Id
    name: Name


class LifeEvent(Fact):
    """Something that happens to people (失业了), and the items they then need, the most wanted first."""

    id: Id
    name: Name
    items: tuple[ItemNumber, ...] = Field(min_length=1)


class OpennessElement(Fact):
    """A content element (要素) by its name in the catalogue; ``indicators`` are what a statistic shows."""

    name: Name
    kind: ElementKind
    indicators: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _indicators_belong_to_statistics(self) -> OpennessElement:
        if (self.kind == "statistic") != bool(self.indicators):
            raise ValueError("kind 为 statistic 的要素要写 indicators，其他要素不写")
        return self


class OpennessItem(Fact):
    """One of the catalogue's items; the key is its number.

    ``body`` is the responsible body in the source's words, ``owner`` the office that keeps the content.
    ``inherited`` names the attributes whose cell was empty in the source because it was merged, each with the
    item whose cell it was merged with. ``note`` is what the source leaves in doubt.
    """

    number: ItemNumber
    matter: Id
    name: Name
    elements: dict[ElementId, OpennessElement] = Field(min_length=1)
    basis: tuple[Name, ...] = Field(min_length=1)
    time_limit: Name
    workdays: int = Field(gt=0)
    body: Name
    owner: Id
    channels: tuple[Name, ...] = Field(min_length=1)
    audience: tuple[Audience, ...] = Field(min_length=1)
    method: tuple[Method, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    inherited: dict[Merged, ItemNumber]
    note: str = ""

    @model_validator(mode="after")
    def _the_limit_in_words_is_the_limit_counted(self) -> OpennessItem:
        said = re.search(r"(\d+)个工作日", self.time_limit)
        if said is None or int(said[1]) != self.workdays:
            raise ValueError(f"time_limit 的文字与 workdays（{self.workdays}）不一致")
        return self


class Content(Fact):
    """What fills an element, or ``to_fill``: who has to write what. ``sample`` says it is 示例."""

    sample: bool = False
    note: str = ""
    to_fill: str = ""

    @model_validator(mode="after")
    def _written_or_to_fill(self) -> Content:
        written = any(getattr(self, part, None) for part in ("rows", "text", "steps"))
        if written == bool(self.to_fill):
            raise ValueError("内容与 to_fill 应当正好写一样：有内容写内容，没有的写由谁填写")
        return self

    @property
    def blanks(self) -> tuple[str, ...]:
        """What somebody still has to fill in, in their words; empty where the content is complete."""
        rows = (getattr(row, "to_fill", "") for row in getattr(self, "rows", ()))
        return tuple(filter(None, (self.to_fill, *rows, *blanks_in(getattr(self, "text", "")))))


class RateRow(Fact):
    """A rate or base: its level with the day from which it holds, or who has to fill it in."""

    name: Name
    value: Decimal | None = None
    unit: Name
    effective: dt.date | None = None
    source: str = ""
    to_fill: str = ""

    @model_validator(mode="after")
    def _a_level_has_its_day(self) -> RateRow:
        if self.to_fill:
            complete = self.value is None and self.effective is None
        else:
            complete = self.value is not None and self.effective is not None
        if not complete:
            raise ValueError("每一行要么写 value 和 effective，要么只写 to_fill")
        return self


class PlaceRow(Fact):
    """A place people can go to (制卡网点)."""

    name: Name
    address: Name
    hours: str = ""
    phone: str = ""
    note: str = ""


class ContactRow(Fact):
    """Whom to ask."""

    office: Name
    phone: Name
    hours: str = ""
    note: str = ""


class FormRow(Fact):
    """A form or paper to bring: how many, original or copy, and the file to download where there is one."""

    name: Name
    copies: str = ""
    file: str = ""
    note: str = ""


class DocumentRow(Fact):
    """An issued document (《工伤保险条例》, 增资文件)."""

    title: Name
    number: str = ""
    issued_by: str = ""


class WebsiteRow(Fact):
    """A site or programme to be named to people."""

    name: Name
    address: Name


class Rates(Content):
    """缴费比例, 缴费基数."""

    rows: tuple[RateRow, ...] = ()


class Places(Content):
    """A list of places."""

    rows: tuple[PlaceRow, ...] = ()


class Contacts(Content):
    """A contact list."""

    rows: tuple[ContactRow, ...] = ()


class Forms(Content):
    """Forms and papers."""

    rows: tuple[FormRow, ...] = ()


class Documents(Content):
    """Issued documents."""

    rows: tuple[DocumentRow, ...] = ()


class Websites(Content):
    """Sites."""

    rows: tuple[WebsiteRow, ...] = ()


class Text(Content):
    """Words in Markdown."""

    text: str = ""


class Quantity(Fact):
    """Something a calculation starts from, in the example's size."""

    name: Name
    value: Decimal
    unit: Name


class Step(Fact):
    """One line of the calculation: the product or the sum of what is named, rounded half up to ``decimals``."""

    name: Name
    unit: Name
    decimals: int = Field(ge=0, le=6)
    product_of: tuple[ElementId, ...] = ()
    sum_of: tuple[ElementId, ...] = ()

    @model_validator(mode="after")
    def _one_operation_on_two_things(self) -> Step:
        if bool(self.product_of) == bool(self.sum_of) or len(self.product_of or self.sum_of) < 2:
            raise ValueError("每一步写 product_of（连乘）或 sum_of（相加）之一，至少两个量")
        return self


class Calculation(Content):
    """A calculation method in words, with an example that is computed, never typed.

    ``quantities`` and ``steps`` are by id; a step may use quantities and the steps before it. A quantity in
    ``%`` counts as hundredths.
    """

    method: str = ""
    quantities: dict[ElementId, Quantity] = Field(default={})
    steps: dict[ElementId, Step] = Field(default={})

    @model_validator(mode="after")
    def _steps_use_what_is_known(self) -> Calculation:
        known = set(self.quantities)
        for name, step in self.steps.items():
            if name in known:
                raise ValueError(f"“{name}”写了两次")
            if missing := [used for used in (*step.product_of, *step.sum_of) if used not in known]:
                raise ValueError(f"“{name}”用到了前面没有的量：{'、'.join(missing)}")
            known.add(name)
        return self

    @property
    def results(self) -> dict[str, Decimal]:
        """What each step gives, rounded to its decimals, in its unit."""
        amounts = {
            name: quantity.value / 100 if quantity.unit == "%" else quantity.value
            for name, quantity in self.quantities.items()
        }
        for name, step in self.steps.items():
            if step.product_of:
                exact = Decimal(1)
                for used in step.product_of:
                    exact *= amounts[used]
            else:
                exact = sum((amounts[used] for used in step.sum_of), Decimal(0))
            amounts[name] = exact.quantize(Decimal(1).scaleb(-step.decimals), ROUND_HALF_UP)
        return {name: amounts[name] for name in self.steps}


#: Which model fills an element of a kind. A guide is a Markdown file, a statistic fills itself.
CONTENT_OF_KIND: dict[ElementKind, type[Content]] = {
    "forms": Forms,
    "contacts": Contacts,
    "places": Places,
    "rates": Rates,
    "calculation": Calculation,
    "text": Text,
    "documents": Documents,
    "website": Websites,
}
