"""Numbers as a list of Word writes them: 3, 三, ③, III, c and so on (ECMA-376 part 1, 17.18.59)."""

from __future__ import annotations

from collections.abc import Callable

_DIGITS = "〇一二三四五六七八九"
_LEGAL = "零壹贰叁肆伍陆柒捌玖"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
_ROMAN_SMALL = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def format_number(number: int, name: str) -> str | None:
    """Return a number in one of Word's formats; None for a format, or a number in it, that nobody here knows."""
    write = _FORMATS.get(name)
    return write(number) if write and number >= 0 else None


def _counted(digits: str, tens: str, hundreds: str, *, is_short: bool) -> Callable[[int], str | None]:
    """Write 12 as 十二 (``is_short``) or 一十二 and so on, up to 999."""

    def write(number: int) -> str | None:
        if number > 999:
            return None
        if number == 0:
            return digits[0]
        hundred, ten, one = number // 100, number // 10 % 10, number % 10
        said = f"{digits[hundred]}{hundreds}" if hundred else ""
        if ten:
            lead = "" if is_short and ten == 1 and not hundred else digits[ten]
            said += f"{lead}{tens}"
        elif hundred and one:
            said += "零"
        return said + (digits[one] if one else "")

    return write


def _roman(number: int) -> str | None:
    if not 0 < number < 4000:
        return None
    said = ""
    for size, letters in (*_ROMAN, *_ROMAN_SMALL):
        said += letters * (number // size)
        number %= size
    return said


def _letters(number: int) -> str | None:
    """Write a, b … z, aa, bb as Word does."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if 0 < number <= 26 * 5 else None


def _of_series(signs: str) -> Callable[[int], str | None]:
    return lambda number: signs[number - 1] if 0 < number <= len(signs) else None


def _circled(number: int) -> str | None:
    return chr(0x2460 + number - 1) if 0 < number <= 20 else None


def _upper(write: Callable[[int], str | None]) -> Callable[[int], str | None]:
    return lambda number: said.upper() if (said := write(number)) else None


def _lower(write: Callable[[int], str | None]) -> Callable[[int], str | None]:
    return lambda number: said.lower() if (said := write(number)) else None


def _full_width(number: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))


_CHINESE = _counted(_DIGITS, "十", "百", is_short=True)
_FORMATS: dict[str, Callable[[int], str | None]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    **dict.fromkeys(("decimalFullWidth", "decimalFullWidth2"), _full_width),
    "decimalHalfWidth": str,
    "numberInDash": lambda number: f"- {number} -",
    "upperRoman": _roman,
    "lowerRoman": _lower(_roman),
    "upperLetter": _upper(_letters),
    "lowerLetter": _letters,
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "taiwaneseCountingThousand", "taiwaneseCounting"), _CHINESE
    ),
    **dict.fromkeys(("japaneseCounting", "japaneseDigitalTenThousand"), _CHINESE),
    **dict.fromkeys(
        ("ideographDigital", "taiwaneseDigital"), lambda number: "".join(_DIGITS[int(digit)] for digit in str(number))
    ),
    "chineseLegalSimplified": _counted(_LEGAL, "拾", "佰", is_short=False),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _circled),
    "decimalEnclosedParen": lambda number: chr(0x2474 + number - 1) if 0 < number <= 20 else None,
    "decimalEnclosedFullstop": lambda number: chr(0x2488 + number - 1) if 0 < number <= 20 else None,
    "ideographTraditional": _of_series(_STEMS),
    "ideographZodiac": _of_series(_BRANCHES),
    "ideographEnclosedCircle": lambda number: chr(0x3280 + number - 1) if 0 < number <= 10 else None,
    "none": lambda _number: "",
}
