"""Numbers that the words beside them, or their own shape, tell to be a person's: plates, certificates, accounts.

Unlike an identity or a mobile number they have no check character of their own, so most are found only behind the
word for them. Sources of the shapes: GA 36-2018 (number plates), the permits of the Exit and Entry Administration
(H or M and eight or ten digits for residents of Hong Kong and Macao, eight digits for those of Taiwan, C, L, T or W and
eight for ours), the identity cards of Hong Kong (check character modulo 11) and Macao, the certificates of the army
and the armed police (字第…号), the permanent residence permit (three letters and twelve digits, before 2023).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Behind the word for a number: 号, 号码, 编号 and what joins the number to it.
_TELLS = r"(?:号码?|证号|编号|卡号)?(?:[:为是¦]|\s)*"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NOT_WITHIN = r"(?<![0-9A-Za-z])"
#: Behind what may be a number stands no unit: it would be an amount.
_END = r"(?![0-9A-Za-z]|\s?[万亿余多]*(?:人|户|张|本|次|元|个|份|件|名|例|%|‰))"
_GAP = r"[-\s.·•]?"


@dataclass(frozen=True)
class ToldNumber:
    """One find: the name of its kind, the number without gaps, and what of it may be shown."""

    kind: str
    value: str

    @property
    def shown(self) -> str:
        """Return the number with its middle left out."""
        return f"{self.value[:1]}****{self.value[-2:]}"


def _spread(count: str) -> str:
    """Return the pattern of so many digits, with a gap before any."""
    return rf"(?:{_GAP}\d){{{count}}}"


#: Each kind, words one of which stands in whatever fits (they are found faster), and the pattern, whose first group is
#: the number.
_PATTERNS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, tuple(hints.split()), re.compile(pattern))
    for kind, hints, pattern in (
        # Of the five or six signs behind the letter of the city three are digits at least.
        (
            "PLATE",
            "",
            rf"([{_PROVINCES}]\s?[A-HJ-NP-Z]{_GAP}(?=(?:[A-Z]*\d){{3}})[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]){_END}",
        ),
        (
            "PLATE",
            "车牌 牌照 号牌",
            r"(?:车牌|牌照|号牌)(?:号码?)?[:为是¦\s]*"
            rf"([\u4e00-\u9fff]?\s?[A-Za-z]{_GAP}(?=[A-Za-z]*\d)[A-Za-z0-9]{{4,6}}){_END}",
        ),
        ("CERTIFICATE", "字", r"[\u4e00-\u9fff]字第?\s?(\d{7,10})\s?号"),
        (
            "CERTIFICATE",
            "官 士 文职 军 退 复员 转业 优待 伤残 驾驶 行驶 住 资格 户口",
            r"(?:军官|士兵|军士|警官|文职干?部?|军人|退伍|退役|复员|转业|优待|伤残人?员?|驾驶|行驶|居住|暂住|从业资格|护士执业|户口[本簿])"
            rf"(?:证|(?<=户口[本簿])){_TELLS}(?:[\u4e00-\u9fff]字第?\s?)?([A-Za-z]?\d(?:{_GAP}[\dXx]){{5,19}}){_END}",
        ),
        ("PERMIT", "H M", rf"{_NOT_WITHIN}([HM]\d{{10}}){_END}"),
        (
            "PERMIT",
            "证",
            rf"(?:台胞证|回乡证|通行证|居留证|永居证|永久居留身份证){_TELLS}([A-Za-z]{{0,3}}{_spread('7,12')}){_END}",
        ),
        ("PERMIT", "证", rf"(?:证件|证照){_TELLS}([A-Za-z]{{1,2}}{_spread('7,10')}){_END}"),
        (
            "PERMIT",
            "身份证",
            rf"(?:澳门|香港|台湾)[^\d\s,。;]{{0,8}}身份证{_TELLS}([A-Za-z]{{0,2}}\d{{6,9}}\s?(?:\([\dA]\))?)",
        ),
        # Told to be one, it needs no right check character: a slip of one digit hides nobody.
        ("IDENTITY", "身份", rf"(?:身份证(?:明)?|公民身份){_TELLS}((?:{_GAP}\d){{14,17}}{_GAP}[\dXx]){_END}"),
        (
            "ACCOUNT_NUMBER",
            "卡 存折 账",
            r"(?:银行卡|储蓄卡|工资卡|存折|卡号|银行账[号户]|本人账[号户]|个人账号|收款账号|领取账号)"
            rf"{_TELLS}({_spread('12,21')}){_END}",
        ),
        (
            "INSURED",
            "社 医保 个人 休证 工作证",
            r"(?:社会保[障险](?:号码?|卡)|社保[卡号]|医保(?:卡|编?号)|个人(?:编号|代码|电脑号)|[退离]休证|工作证)"
            rf"{_TELLS}([A-Za-z]?{_spread('6,19')}){_END}",
        ),
        (
            "HOME_TELEPHONE",
            "电话 座机 固话 宅电",
            r"(?:(?:住宅|家庭|家里|家中|家属|宅|私人|本人)(?:的)?(?:固定电话|电话|座机|固话)|宅电)(?:号码?)?[:为是¦\s]*"
            r"(?:\(?\d{3,4}\)?)?[-\s]{0,3}([2-8](?:[-\s]?\d){6,7})(?!\d)",
        ),
        (
            "ACCOUNT",
            "x X 信 扣扣 企鹅 V v",
            r"(?:(?<![A-Za-z])[WwVv][Xx]|薇信|威信|扣扣|企鹅|[Vv]信|(?:加|\+)我?[Vv](?![A-Za-z]))(?:号码?|id)?[:为是¦\s]*"
            rf"([A-Za-z0-9][A-Za-z0-9_-]{{4,19}}){_END}",
        ),
        (
            "ACCOUNT",
            "微信 钉钉 支付宝",
            r"(?:(?:微信|钉钉|支付宝)(?:账?号|账户|id|ID)|微信联系|加微信|[私个]人微信)[:为是¦\s]*"
            rf"([A-Za-z0-9][A-Za-z0-9_-]{{4,19}}){_END}",
        ),
        (
            "ADDRESS",
            "单元",
            r"((?:小区|花园|公寓|家属[院区]|宿舍|新村|家园|[佳雅]苑|安置房)[^\s,。;]{0,8}?\d+[栋幢号座]\d*单元)",
        ),
        (
            "ADDRESS",
            "住 户籍",
            r"(?:(?<![居院入留常暂内现家民衣吃])住(?!所|院|址|房|宅)[于在]?|户籍[:为在]?|居住?于)"
            r"((?=[^\s,。;]{0,14}[市县镇乡村街路区寨巷])[^\s,。;!?〔\[(的]{3,24}?"
            r"[\d一二三四五六七八九十]+(?:号(?!窗|公告|文件|令|服务)|栋|幢|单元|组))",
        ),
    )
)
_HONG_KONG = re.compile(rf"{_NOT_WITHIN}([A-Z]{{1,2}})(\d{{6}})\s?\(([0-9A])\)")
#: Without a digit, or a numeral before what homes are counted by, there is none.
_IS_NUMBERED = re.compile(r"\d|[一二三四五六七八九十](?:号|栋|幢|单元|组)")
#: A name and the day of birth behind it, or a day said to be somebody's.
_BORN = re.compile(
    r"(?:出生日期|出生年月日?|生日|生于)[:为是¦\s]*"
    r"((?:19|20)\d\d\s?[-年./]\s?\d{1,2}\s?[-月./]\s?\d{1,2})(?!\d|\s?日?\s?(?:以|之|后|前|起|至))"
    r"|(?<=[\u4e00-\u9fff]\()((?:19|20)\d\d年\d{1,2}月(?:\d{1,2}日)?)出?生(?=[,、)])"
    r"|[男女][,、¦\s]\s?(?:[\u4e00-\u9fff]{1,3}族[,、¦\s]\s?)?((?:19|20)\d\d年\d{1,2}月(?:\d{1,2}日)?)(?:出?生)"
)


def find_told_numbers(plain: str) -> Iterator[ToldNumber]:
    """Find such numbers in a text of plain width, whose digits are ours."""
    if not _IS_NUMBERED.search(plain):
        return
    for kind, hints, pattern in _PATTERNS:
        if hints and not any(hint in plain for hint in hints):
            continue
        for found in pattern.finditer(plain):
            yield ToldNumber(kind, re.sub(r"[-\s.·•]", "", found[1]).upper())
    for found in _HONG_KONG.finditer(plain):
        if is_hong_kong_number(*found.groups()):
            yield ToldNumber("PERMIT", "".join(found.groups()))
    for found in _BORN.finditer(plain):
        yield ToldNumber("BIRTH", re.sub(r"\D", "", found[found.lastindex or 1]))


def is_hong_kong_number(letters: str, digits: str, check: str) -> bool:
    """Whether they are the number of an identity card of Hong Kong, by its check character."""
    values = [36] * (2 - len(letters)) + [ord(letter) - 55 for letter in letters] + [int(digit) for digit in digits]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    return (total + (10 if check == "A" else int(check))) % 11 == 0
