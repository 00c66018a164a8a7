"""Data of persons in a text that is to be published, in whatever disguise it was typed.

Sources of the shapes: GB 11643-1999 (identity numbers, 18 characters, check character by ISO 7064 MOD 11-2; 15 digits
before 1999), GB/T 2260 (codes of provinces, with which both begin), ISO/IEC 7812 (bank cards, Luhn), the passport
numbers of the Exit and Entry Administration (E, D, S, P or G and eight digits, two letters and seven), the numbering
plan for mobile telephones (1[3-9] and nine digits), GB 32100-2015 (unified social credit codes; 92 are those of
self-employed persons, whose unit is a person).
A landline is an office's unless it is said to be a home's; a name is told by a number beside it.
What is an office's own and may be read by anybody stands on the profile's list of contacts.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape

from disclosure.confidentiality.told_numbers import find_told_numbers

#: Characters of a digest that people type; of ten thousand data two share them once in a hundred installations.
NUMBER_LENGTH = 8


class PersonalKind(StrEnum):
    """What kind of personal data was found, as people call it."""

    IDENTITY = "身份证号码"
    OLD_IDENTITY = "15 位身份证号码"
    BANK_CARD = "银行卡号"
    PASSPORT = "护照号码"
    MOBILE = "手机号码"
    EMAIL = "个人电子邮箱"
    CREDIT_CODE = "个体工商户的统一社会信用代码"
    ADDRESS = "家庭住址"
    HOME_TELEPHONE = "家庭电话"
    ACCOUNT = "个人微信号或QQ号"
    ACCOUNT_NUMBER = "个人银行账号"
    INSURED = "社会保障卡号或个人编号"
    CERTIFICATE = "个人证件号码"
    PERMIT = "通行证或境外身份证号码"
    PLATE = "车牌号码"
    BIRTH = "出生日期"
    NAME = "姓名"


@dataclass(frozen=True)
class PersonalDatum:
    """One find; ``shown`` leaves the middle out, so that a message does not repeat what must not be told.

    ``value`` is the datum itself, the same in whatever disguise it was typed. It is never shown, told or kept.
    ``digest`` stands for it in our records; empty where no key is at hand.
    """

    kind: PersonalKind
    shown: str
    value: str = field(repr=False)
    digest: str = field(default="", compare=False)

    @property
    def number(self) -> str:
        """What people call it when they ask about it."""
        return self.digest[:NUMBER_LENGTH]

    def __str__(self) -> str:
        """``手机号码（138****5678，编号 3f9a22c1）``."""
        return f"{self.kind}（{self.shown}{f'，编号 {self.number}' if self.digest else ''}）"


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
#: Codes of provinces (GB/T 2260). An old number has no check character: a file's time stamp would pass for one.
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_NUMERALS = {
    **{word: str(digit) for digit, word in enumerate("〇一二三四五六七八九")},
    **{word: str(digit) for digit, word in enumerate("零壹贰叁肆伍陆柒捌玖")},
    **dict(zip("两俩仨幺洞拐勾", "2231079", strict=True)),
    "貳": "2",
    "叄": "3",
    "參": "3",
    "陸": "6",
}
#: Letters that stand in for digits.
_LOOKALIKES = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "Z": "2", "z": "2", "S": "5", "B": "8"}
#: What people put between the digits of one number.
_BETWEEN = r"[-\s.·•_/,，、~*()（）¦]"
#: Any other signs between two digits part them like the edge of two cells: what people cut so is one number.
#: Words that people say between them do the same, and so do wide gaps.
_PARTING = re.compile(
    r"(?<=\d)(?:\s*(?:(?![-\s.·•_/,，、~*()¦])[^\w\s]|…|[杠横点转接和加空]|空格|[xX]|--){1,8}\s*|\s{4,})(?=\d)"
)
#: The edge of two cells of a table, as texts (``｜``) and Markdown write it. A stroke within a word may be a one.
_CELL_EDGE = re.compile(r"[ \t]*(?:｜|(?<!\S)\|(?!\S))[ \t]*")
#: How a number is cut where it fills several cells; rows of figures are seldom cut so, and an identity number proves
#: itself however it is cut.
_CUTS = {(3, 4, 4), (3, 8), (7, 4), (4, 4, 4, 4), (4, 4, 4, 4, 3), (6, 6, 3)}
_DIGIT = rf"[\d{''.join(_NUMERALS)}]"
_IN_WORDS = re.compile(rf"{_DIGIT}(?:[-\s]?{_DIGIT}){{4,}}")
_DISGUISED = rf"(?:{_DIGIT}|[{''.join(_LOOKALIKES)}])"
#: A run of what may be one number: digits in any writing, a few signs between them, an X at the end.
_RUN = re.compile(
    rf"(?<![0-9A-Za-z])\+?{_DISGUISED}(?:{_BETWEEN}{{0,3}}{_DISGUISED}){{10,}}(?:{_BETWEEN}{{0,3}}[Xx])?(?![0-9A-Za-z])"
)
#: Behind an amount stands its unit, or it has decimals.
_IS_AMOUNT = re.compile(r"\s*(?:[.．]\d|[%‰元万亿人户次个件张笔])")
_PASSPORT = re.compile(r"(?<![0-9A-Za-z])(?:[EDSPG]\d{8}|E[A-HJ-NP-Z]\d{7})(?![0-9A-Za-z])")
#: Said to be one, it is found in small letters and with gaps, and so are the permits of Hong Kong, Macao and Taiwan.
_PASSPORT_TOLD = re.compile(
    r"(?:护照|通行证|台胞证|回乡证|居留证)(?:号码?|证号)?[:为是¦]?\s*([A-Za-z]{1,2}(?:[-\s]?\d){7,9})(?![0-9A-Za-z])"
)
_AT = r"\s?(?:@|#|艾特|在|[(\[{<]\s?at\s?[)\]}>])\s?"
_DOT = r"\s?(?:\.|。|点|[(\[{<]\s?dot\s?[)\]}>])\s?"
_EMAIL = re.compile(rf"(?<![\w.+-])([\w.+-]+){_AT}((?:[\w-]+{_DOT})+[A-Za-z]{{2,}})", re.ASCII | re.IGNORECASE)
#: An account of a messenger; an office's public one is called 公众号.
_ACCOUNT = re.compile(
    r"(?:微信(?:号码?)?[:为是¦]\s*([A-Za-z0-9][\w-]{4,19})|QQ(?:号码?)?[:为是¦\s]*(\d{5,11}))(?!\w)",
    re.ASCII | re.IGNORECASE,
)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE = re.compile(rf"(?<![0-9A-Za-z])92\d{{6}}[{_CREDIT_ALPHABET}]{{10}}(?![0-9A-Za-z])")
#: A home is told by a word for it and a house number; 居住在境外的…〔2018〕3号 tells of a notice.
_HOME = re.compile(
    r"(?:家庭住址|家庭地址|居住地址|户籍地址|户籍所在地|常住地址|住址|(?<!国)家住|现住|暂住(?!人口|证)|居住[在于])[:为在是]?\s*"
    r"(?P<place>[^\s,。;!?〔\[(的]{2,30}?[\d一二三四五六七八九十]+(?:号(?!窗|公告|文件|令|服务)|室|栋|幢|单元|组))"
)
#: What goes on within that house: the flat, which makes another home of it.
_HOME_WITHIN = re.compile(
    r"(?:[\s-]*[\dA-Za-z一二三四五六七八九十]+(?:号|室|栋|幢|单元|组|楼|层|座)?)*[^\s,。;!?〔\[(的]*"
)
#: A telephone of a home: an office's may be read by anybody.
_HOME_TELEPHONE = re.compile(
    r"(?:(?:住宅|家庭|家里|家中|宅)(?:的)?(?:固定)?电话(?:号码)?|宅电)[:为是¦]?\s*"
    r"((?:\(?0\d{2,3}\)?[-\s]?)?[2-8]\d{2,3}[-\s]?\d{4}(?!\d))"
)
#: The hundred commonest surnames (Ministry of Public Security, 2020) and the commonest of two characters.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙史陶黎贺顾毛郝龚邵万覃武钱戴严莫孔向汤普起罕"
)
_NAME = (
    rf"(?:欧阳|司马|上官|诸葛|东方|皇甫|[{_SURNAMES}])(?!新区|先生|女士|同志)"
    r"[\u4e00-\u9fff]{1,2}(?<![区县市局科省镇乡村])"
)
#: A name beside a number of its owner: said to be a name, or right before the number.
_NAME_TOLD = re.compile(
    rf"(?:姓名|参保人|申请人|联系人|当事人|职工|患者|家属|领取人)[:为是¦]?\s*({_NAME})(?![\u4e00-\u9fff])"
)
_NAME_BEFORE = re.compile(
    rf"(?<![\u4e00-\u9fff](?<![请由与找是为问]))({_NAME})(?:同志|先生|女士)?[\s(:,¦]*(?:(?:手机|电话|身份证)(?:号码?)?[:\s]*)?$"
)
#: Providers whose addresses belong to persons, not to offices.
_PRIVATE_MAIL = (
    *("qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sina.cn", "sohu.com", "139.com"),
    *("189.cn", "wo.cn", "aliyun.com", "gmail.com", "hotmail.com", "outlook.com", "icloud.com", "yahoo.com"),
)
_PLAIN = re.compile(r"\d[\d\s.-]{9,}\d[\dXx]?")
#: Separators that group the thousands of an amount, or set two figures apart: of these nothing is one number.
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)")


def find_personal_data(text: str, allowed: Collection[str] = ()) -> tuple[PersonalDatum, ...]:
    """Find every datum of a person in ``text``, each once.

    ``allowed`` are numbers and addresses of offices, as they are printed; what stands there is nobody's own.
    """
    plain = _unfolded(text)
    figured = _figured(plain)
    public = {re.sub(r"\W", "", _unfolded(each)) for each in allowed}
    found = [*_in_runs(plain, public), *_passports(figured), *_mails(plain, public)]
    found += [*_credit_codes(plain), *_homes(plain), *_home_telephones(plain, public), *_accounts(plain, public)]
    known = {datum.kind for datum in found}
    found += [
        PersonalDatum(PersonalKind[told.kind], told.shown, told.value)
        for told in find_told_numbers(figured)
        if PersonalKind[told.kind] not in known and re.sub(r"\W", "", told.value) not in public
    ]
    if found:
        found += _names(plain)
    return tuple(dict.fromkeys(found))


def is_identity_number(number: str) -> bool:
    """Whether 18 characters are a citizen's identity number, by its day of birth and its check character."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number) or not _is_day(number[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECKS[total % 11] == number[17]


def is_card_number(number: str) -> bool:
    """Whether ``number`` is a bank card's: 16 to 19 digits of an issuer of cards, with the check digit of Luhn."""
    if not re.fullmatch(r"(?:62|60|9[0-9]|4\d|5[1-5]|3[0567])\d{14,17}", number):
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def is_credit_code(code: str) -> bool:
    """Whether 18 characters are a unified social credit code, by its check character."""
    if len(code) != 18 or any(each not in _CREDIT_ALPHABET for each in code):
        return False
    total = sum(_CREDIT_ALPHABET.index(each) * pow(3, place, 31) for place, each in enumerate(code[:17]))
    return _CREDIT_ALPHABET[-total % 31] == code[17]


def _unfolded(text: str) -> str:
    """Return ``text`` in plain width, without characters that nobody sees."""
    wide = unicodedata.normalize("NFKC", unescape(_CELL_EDGE.sub("¦", text)))
    seen = "".join(_plainly(character) for character in wide)
    return _PARTING.sub("¦", seen)


def _plainly(character: str) -> str:
    """Return a digit of any script as ours, a dash of any length as the short one, and nothing for what nobody sees."""
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in {"No", "Nl"} and character != "〇" and unicodedata.numeric(character, -1) in range(10):
        return str(int(unicodedata.numeric(character)))
    if category == "Pd" or character == "−":
        return "-"
    return "" if category in {"Cf", "Mn", "Me"} else character


def _figured(plain: str) -> str:
    """Return ``plain`` with numbers that are written in words, five numerals or more, in digits."""
    return _IN_WORDS.sub(lambda found: "".join(_NUMERALS.get(each, each) for each in found[0]), plain)


def _in_runs(plain: str, public: Collection[str]) -> Iterator[PersonalDatum]:
    for run in _RUN.finditer(plain):
        if _GROUPED.fullmatch(run[0].strip()) or _IS_AMOUNT.match(plain, run.end()) or _is_word(run[0]):
            continue
        for part in (*_over_cells(run[0]), *_parts_of(run[0])):
            number = _digits(part)
            if number not in public and (datum := _datum_of(number)):
                yield datum


def _parts_of(run: str) -> Iterator[str]:
    """Yield what may be a number of its own: the run; between signs that part; plain digits beside a name of numerals.

    ``张三138…``, ``张三一三八…`` and two numbers side by side are found so.
    """
    if "¦" not in run:
        # A name of numerals before it (张三一三八…), or behind it, is none of the number.
        head, tail = int(run[0] in _NUMERALS), int(run[-1] in _NUMERALS)
        yield from (run[first:last] for first in {0, head} for last in {len(run), len(run) - tail})
    for parted in (re.split(r"[\s,，、/()（）]+", run), _PLAIN.findall(run), run.split("¦")):
        if parted != [run]:
            yield from (part for part in parted if "¦" not in part)


def _over_cells(run: str) -> Iterator[str]:
    """Yield what may be one number that fills several cells side by side."""
    cells = run.split("¦")
    for first in range(len(cells)):
        for end in range(first + 2, min(first + 18, len(cells)) + 1):
            own = cells[first:end]
            joined = "".join(own)
            cut = tuple(len(_digits(cell)) for cell in own)
            if is_identity_number(_digits(joined)) or cut in _CUTS or set(cut) == {1}:
                yield joined


def _digits(run: str) -> str:
    kept = re.sub(_BETWEEN, "", run).removeprefix("+")
    ending = "X" if kept[-1:] in {"X", "x"} else ""
    body = kept[:-1] if ending else kept
    return "".join(_NUMERALS.get(c) or _LOOKALIKES.get(c) or c for c in body) + ending


def _is_word(run: str) -> bool:
    """Whether a run is mostly letters that look like digits: a word, not a number."""
    return sum(character in _LOOKALIKES for character in run) * 2 > len(run)


def _datum_of(digits: str) -> PersonalDatum | None:
    """Return what a number of plain digits is; None when it is nobody's."""
    # A disabled person's certificate bears the identity number, with the kind and the degree behind it.
    if len(digits) in {18, 20} and is_identity_number(digits[:18]):
        digits = digits[:18]
        return PersonalDatum(PersonalKind.IDENTITY, f"{digits[:4]}{'*' * 10}{digits[-4:]}", digits)
    if re.fullmatch(rf"{_PROVINCE}\d{{13}}", digits) and _is_day(f"19{digits[6:12]}"):
        return PersonalDatum(PersonalKind.OLD_IDENTITY, f"{digits[:4]}{'*' * 8}{digits[-3:]}", digits)
    if re.fullmatch(r"(?:0|86|0086)?1[3-9]\d{9}", digits):
        return PersonalDatum(PersonalKind.MOBILE, f"{digits[-11:-8]}****{digits[-4:]}", digits[-11:])
    if is_card_number(digits):
        return PersonalDatum(PersonalKind.BANK_CARD, f"{digits[:4]}****{digits[-4:]}", digits)
    return None


def _is_day(ymd: str) -> bool:
    try:
        return 1880 <= dt.date(int(ymd[:4]), int(ymd[4:6]), int(ymd[6:])).year <= 2100
    except ValueError:
        return False


def _passports(plain: str) -> Iterator[PersonalDatum]:
    told = {re.sub(r"[-\s]", "", found[1]).upper() for found in _PASSPORT_TOLD.finditer(plain)}
    for number in dict.fromkeys((*(found[0] for found in _PASSPORT.finditer(plain)), *sorted(told))):
        yield PersonalDatum(PersonalKind.PASSPORT, f"{number[:2]}****{number[-2:]}", number)


def _mails(plain: str, public: Collection[str]) -> Iterator[PersonalDatum]:
    for found in _EMAIL.finditer(plain):
        name, domain = found[1], re.sub(_DOT, ".", found[2], flags=re.IGNORECASE)
        is_private = any(domain.lower() == each or domain.lower().endswith("." + each) for each in _PRIVATE_MAIL)
        if is_private and re.sub(r"\W", "", name + domain) not in public:
            yield PersonalDatum(PersonalKind.EMAIL, f"{name[:1]}***@{domain}", f"{name}@{domain}".lower())


def _credit_codes(plain: str) -> Iterator[PersonalDatum]:
    for found in _CREDIT_CODE.finditer(plain):
        if is_credit_code(found[0]):
            yield PersonalDatum(PersonalKind.CREDIT_CODE, f"{found[0][:2]}****{found[0][-2:]}", found[0])


def _homes(plain: str) -> Iterator[PersonalDatum]:
    for found in _HOME.finditer(plain):
        within = _HOME_WITHIN.match(plain, found.end())
        whole = found["place"] + (within[0] if within else "")
        yield PersonalDatum(PersonalKind.ADDRESS, f"{found[0][:2]}****", re.sub(r"\W", "", whole))


def _home_telephones(plain: str, public: Collection[str]) -> Iterator[PersonalDatum]:
    for found in _HOME_TELEPHONE.finditer(plain):
        if re.sub(r"\W", "", found[1]) not in public:
            yield PersonalDatum(PersonalKind.HOME_TELEPHONE, f"***{found[1][-2:]}", re.sub(r"\D", "", found[1]))


def _accounts(plain: str, public: Collection[str]) -> Iterator[PersonalDatum]:
    for found in _ACCOUNT.finditer(plain):
        account = found[1] or found[2]
        if re.sub(r"\W", "", account) not in public:
            value = f"{'微信' if found[1] else 'QQ'} {account.lower()}"
            yield PersonalDatum(PersonalKind.ACCOUNT, f"{account[:1]}****{account[-2:]}", value)


def _names(plain: str) -> Iterator[PersonalDatum]:
    """Yield the names that stand beside a number: it is of this person, and goes with the number."""
    told = [found[1] for found in _NAME_TOLD.finditer(plain)]
    # A name of numerals (张三) is a part of the run, not of what stands before it.
    begins = {found.start() for pattern in (_RUN, _PLAIN) for found in pattern.finditer(plain)}
    told += [found[1] for begin in sorted(begins) if (found := _NAME_BEFORE.search(plain[:begin]))]
    for name in told:
        yield PersonalDatum(PersonalKind.NAME, f"{name[0]}**", name)
