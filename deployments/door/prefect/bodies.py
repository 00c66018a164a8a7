"""Reading what a request says: small plain JSON, which Prefect is then told in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

#: The longest form holds an opinion of 2,000 characters; its schema, which the UI has checked with it, the briefing.
MOST_BYTES = 1_000_000
#: Prefect renders a value of another kind as a template, or looks it up among its variables.
_PLAIN_KINDS = ("none", "json")
#: Patterns that our own forms hold; another one could keep the server busy for good.
_KNOWN_PATTERNS = (r"^\d{6}$",)
#: All that our forms, and the parameters of our deployments, say of values.
_KNOWN_WORDS = frozenset(
    {
        *("title", "description", "position", "default", "type", "properties", "required", "definitions"),
        *("additionalProperties", "items", "anyOf", "enum", "minLength", "maxLength", "pattern"),
    }
)
#: What is looked at for the longest form of ours is a tenth of it; Prefect does ten thousand a second.
_MOST_STEPS, _DEEPEST = 5_000, 6
#: Options are compared a good deal quicker than rules are followed.
_OPTIONS_A_STEP = 64


class RefusedRequestError(Exception):
    """A request that Prefect is not bothered with: the status it is answered with, and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


async def read_body(request: Request) -> Any:
    """Read the body; None when there is none.

    Raises:
        RefusedRequestError: for one that is too long, no JSON, or holds what Prefect would evaluate.
    """
    raw = await _receive(request)
    if not raw:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedRequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "只接受 JSON 格式的请求。")
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise RefusedRequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "请求不是有效的 JSON，请刷新页面后重试。") from error
    for key, value in _pairs(body):
        if "\0" in key or (isinstance(value, str) and "\0" in value):
            raise RefusedRequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "请求里有不可见的控制字符，请改正后重填。")
        if key == "__prefect_kind" and value not in _PLAIN_KINDS:
            raise RefusedRequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "只能直接填写内容，不能用模板或变量。")
    return body


def write_body(body: Any) -> bytes:
    """Write what was read: no name twice, nothing between the lines."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")


def is_plain_question(body: Any) -> bool:
    """Whether a form's schema is as ours are, and small enough that Prefect has checked ``values`` in a moment.

    It does so in its only thread: with ``uniqueItems``, or many rules for many values, twelve thousand characters keep
    it from everything else for good.
    """
    schema, values = (body.get("schema"), body.get("values")) if isinstance(body, Mapping) else (None, None)
    return isinstance(schema, Mapping) and _steps(schema, values, _MOST_STEPS, _DEEPEST) is not None


def _steps(schema: Any, value: Any, most: int, deepest: int) -> int | None:
    """Count what is to be looked at to check ``value``; None where it is more than ``most``, or no schema like ours."""
    if not isinstance(schema, Mapping) or schema.keys() - _KNOWN_WORDS or deepest == 0:
        return None
    if not _has_plain_words(schema):
        return None
    properties, items, choices = (schema.get(name) for name in ("properties", "items", "anyOf"))
    if not (isinstance(properties or {}, dict) and isinstance(items or {}, dict) and isinstance(choices or [], list)):
        return None
    steps = 1 + len(schema.get("required") or ()) + len(schema.get("enum") or ()) // _OPTIONS_A_STEP
    told = value if isinstance(value, Mapping) else {}
    # Of what is not filled in a rule is still looked at once; what no rule is for is passed over.
    below = [(rule, told.get(name)) for name, rule in (properties or {}).items()]
    below += [(rule, value) for rule in choices or ()]
    if items:
        below += [(items, None), *((items, each) for each in (value if isinstance(value, list) else ()))]
    for rule, each in below:
        more = _steps(rule, each, most - steps, deepest - 1)
        if more is None:
            return None
        steps += more
    return steps if steps <= most else None


def _has_plain_words(schema: Mapping[str, Any]) -> bool:
    """Whether what a rule says of values is as our forms say it: lists of words, patterns of ours."""
    lists = [schema.get(name) or [] for name in ("required", "enum")]
    return (
        all(isinstance(each, list) and all(isinstance(word, str) for word in each) for each in lists)
        and isinstance(schema.get("type", ""), str)
        and isinstance(schema.get("additionalProperties", False), bool)
        and schema.get("pattern", _KNOWN_PATTERNS[0]) in _KNOWN_PATTERNS
        and not schema.get("definitions")
    )


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, and every other item under an empty key, at whatever depth."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        key, found = waiting.pop()
        yield key, found
        if isinstance(found, Mapping):
            waiting += found.items()
        elif isinstance(found, list):
            waiting += [("", item) for item in found]


async def _receive(request: Request) -> bytes:
    received = bytearray()
    try:
        async for piece in request.stream():
            received += piece
            if len(received) > MOST_BYTES:
                raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "请求太大，没有办理。")
    except ClientDisconnect as error:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "请求没有收全。") from error
    return bytes(received)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
