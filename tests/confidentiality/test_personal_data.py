"""Protects the search for data of persons: found in every disguise, silent on what governments really print."""

from __future__ import annotations

import datetime as dt
import re
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.confidentiality.personal_data import (
    PersonalKind,
    find_personal_data,
    is_card_number,
    is_identity_number,
)

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
#: Made up, with the right check character.
IDENTITY, MOBILE, CARD = "532301198503071236", "13800001234", "6222021234567890128"

DISGUISES = [
    (IDENTITY, PersonalKind.IDENTITY),
    ("身份证号：532301198503071236。", PersonalKind.IDENTITY),
    ("532301 19850307 1236", PersonalKind.IDENTITY),
    ("532301-19850307-1236", PersonalKind.IDENTITY),
    ("532301·1985·0307·1236", PersonalKind.IDENTITY),
    ("５３２３０１１９８５０３０７１２３６", PersonalKind.IDENTITY),
    ("5323011985O3O71236", PersonalKind.IDENTITY),
    ("53230l1985030712 36", PersonalKind.IDENTITY),
    ("五三二三〇一一九八五〇三〇七一二三六", PersonalKind.IDENTITY),
    ("伍叁贰叁零壹壹玖捌伍零叁零柒壹贰叁陆", PersonalKind.IDENTITY),
    ("532301\u200b19850307\u200b1236", PersonalKind.IDENTITY),
    ("532301\u00ad198503071236", PersonalKind.IDENTITY),
    ("5 3 2 3 0 1 1 9 8 5 0 3 0 7 1 2 3 6", PersonalKind.IDENTITY),
    ("（532301）19850307（1236）", PersonalKind.IDENTITY),
    ("532301/19850307/1236", PersonalKind.IDENTITY),
    ("张三532301198503071236李四", PersonalKind.IDENTITY),
    ("电话13800001234，证件532301198503071236", PersonalKind.IDENTITY),
    ("13800001234 532301198503071236", PersonalKind.IDENTITY),
    ("53230119850307105X", PersonalKind.IDENTITY),
    ("53230119850307105x", PersonalKind.IDENTITY),
    ("53230119850307105Ｘ", PersonalKind.IDENTITY),
    ("532301850307123", PersonalKind.OLD_IDENTITY),
    ("532301 850307 123", PersonalKind.OLD_IDENTITY),
    (MOBILE, PersonalKind.MOBILE),
    ("手机：138-0000-1234", PersonalKind.MOBILE),
    ("138 0000 1234", PersonalKind.MOBILE),
    ("138.0000.1234", PersonalKind.MOBILE),
    ("１３８００００１２３４", PersonalKind.MOBILE),
    ("+86 13800001234", PersonalKind.MOBILE),
    ("+86-138-0000-1234", PersonalKind.MOBILE),
    ("0086 138 0000 1234", PersonalKind.MOBILE),
    ("(+86)13800001234", PersonalKind.MOBILE),
    ("013800001234", PersonalKind.MOBILE),
    ("一三八〇〇〇〇一二三四", PersonalKind.MOBILE),
    ("幺三八零零零零幺二三四", PersonalKind.MOBILE),
    ("壹叁捌零零零零壹贰叁肆", PersonalKind.MOBILE),
    ("I38OOOO1234", PersonalKind.MOBILE),
    ("l3800001234", PersonalKind.MOBILE),
    ("138\u200d0000\u200d1234", PersonalKind.MOBILE),
    ("138＿0000＿1234", PersonalKind.MOBILE),
    ("138~0000~1234", PersonalKind.MOBILE),
    ("138,0000,1234", PersonalKind.MOBILE),
    ("138、0000、1234", PersonalKind.MOBILE),
    ("联系人张三13800001234（微信同号）", PersonalKind.MOBILE),
    ("138\u3000000\u300001234", PersonalKind.MOBILE),
    ("138\ufe0f00001234", PersonalKind.MOBILE),
    (CARD, PersonalKind.BANK_CARD),
    ("6222 0212 3456 7890 128", PersonalKind.BANK_CARD),
    ("6222-0212-3456-7890-128", PersonalKind.BANK_CARD),
    ("卡号６２２２０２１２３４５６７８９０１２８", PersonalKind.BANK_CARD),
    ("4111 1111 1111 1111", PersonalKind.BANK_CARD),
    ("护照E12345678", PersonalKind.PASSPORT),
    ("护照号 EA1234567", PersonalKind.PASSPORT),
    ("G12345678", PersonalKind.PASSPORT),
    ("ｅＥ".replace("ｅ", "") + "12345678", PersonalKind.PASSPORT),
    ("zhangsan@qq.com", PersonalKind.EMAIL),
    ("zhang.san@163.com", PersonalKind.EMAIL),
    ("zhangsan @ 126.com", PersonalKind.EMAIL),
    ("zhangsan＠foxmail.com", PersonalKind.EMAIL),
    ("ZhangSan@vip.sina.com", PersonalKind.EMAIL),
    ("信用代码92532301MA6K1234XK", PersonalKind.CREDIT_CODE),
    ("信用代码９２532301MA6K1234XK", PersonalKind.CREDIT_CODE),
    ("家庭住址：楚雄市鹿城镇团结路12号", PersonalKind.ADDRESS),
    ("张三，家住双柏县妥甸镇三组", PersonalKind.ADDRESS),
    ("张三｜138｜0000｜1234", PersonalKind.MOBILE),
    ("| 138 | 00001234 |", PersonalKind.MOBILE),
    ("1｜3｜8｜0｜0｜0｜0｜1｜2｜3｜4", PersonalKind.MOBILE),
    ("532301｜19850307｜1236", PersonalKind.IDENTITY),
    ("5323011985｜03071236", PersonalKind.IDENTITY),
    ("6222｜0212｜3456｜7890｜128", PersonalKind.BANK_CARD),
    ("住宅电话：0878-3389123", PersonalKind.HOME_TELEPHONE),
    ("家里电话 （0878）3389123", PersonalKind.HOME_TELEPHONE),
    ("参保职工李明，手机13800001234", PersonalKind.NAME),
    ("请张三（13800001234）核对", PersonalKind.NAME),
    ("姓名｜李小明｜532301198503071236", PersonalKind.NAME),
    ("欧阳文 138-0000-1234", PersonalKind.NAME),
    ("住址为元谋县元马镇龙川街５栋２单元", PersonalKind.ADDRESS),
    *((f"138{sign}0000{sign}1234", PersonalKind.MOBILE) for sign in "\u2014\u2013\u2010\u2212→：;=+#&\\'“<…。"),
    ("[138][0000][1234]", PersonalKind.MOBILE),
    ("138【0000】1234", PersonalKind.MOBILE),
    ("١٣٨٠٠٠٠١٢٣٤", PersonalKind.MOBILE),
    ("①③⑧⓪⓪⓪⓪①②③④", PersonalKind.MOBILE),
    ("532301→19850307→1236", PersonalKind.IDENTITY),
    ("残疾人证53230119850307123643", PersonalKind.IDENTITY),
    ("护照 E 1234 5678", PersonalKind.PASSPORT),
    ("护照号e12345678", PersonalKind.PASSPORT),
    ("港澳通行证：C12345678", PersonalKind.PASSPORT),
    ("zhangsan(at)qq.com", PersonalKind.EMAIL),
    ("zhangsan[at]163[dot]com", PersonalKind.EMAIL),
    ("zhangsan#qq.com", PersonalKind.EMAIL),
    ("zhangsan@qq。com", PersonalKind.EMAIL),
    ("zhangsan ＠ qq ． com", PersonalKind.EMAIL),
    ("现住楚雄市鹿城镇团结路12号3幢201室", PersonalKind.ADDRESS),
    ("家庭地址：楚雄市鹿城镇团结路12号", PersonalKind.ADDRESS),
    ("居住在鹿城镇团结路十二号", PersonalKind.ADDRESS),
    ("加微信：zhangsan_1985", PersonalKind.ACCOUNT),
    ("QQ号码 1234567890", PersonalKind.ACCOUNT),
]


def test_there_are_sixty_disguises() -> None:
    assert len({text for text, _ in DISGUISES}) >= 60


@pytest.mark.parametrize(("text", "kind"), DISGUISES)
def test_a_disguise_is_seen_through_and_not_repeated(text: str, kind: PersonalKind) -> None:
    found = find_personal_data(text)
    assert kind in {datum.kind for datum in found}
    for datum in found:
        assert not find_personal_data(datum.shown), "what is shown must tell nothing"


@pytest.mark.parametrize(
    "text",
    [
        "参保 138,000,012.34 万元",
        "收入13800001234元",
        "支出 13800001234.00",
        "结余15123456789 万元",
        "咨询电话：0878-3389123",
        "拨打12333或12345",
        "统一社会信用代码 11532300MB1234567X",
        "网站标识码 5323000001",
        "滇ICP备05000002号",
        "2025年1月1日至2025年12月31日",
        "20250101-20251231",
        "见第1、2、3、4、5、6、7、8、9、10、11项",
        "一、二、三、四、五、六、七、八、九项",
        "532300 532301 532322 532323",
        "shebao@chuxiong.gov.cn",
        "统一社会信用代码 92532301MA6K1234XJ",
        "办公地址：楚雄市鹿城镇团结路12号",
        "住址变更的，请到1号窗口办理",
        "按国家住房和城乡建设部令第5号执行",
        "发现住院费用有误的，到3号窗口核对",
        "居住在境外的退休人员按照人社部发〔2018〕3号办理",
        "暂住人口参保登记到行政中心3号楼办理",
        "户籍地址变更到派出所2号窗口",
        "居住在外地的退休人员可在彩云通1号服务点认证",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "ooooooooooooooo",
        "参保人李明",
        "联系人李明，电话0878-3389123",
        "152｜482｜9023｜12",
        "姚安县｜1523｜4821｜902",
        "| 1523 | 4821 | 902 |",
        "家庭电话变更的，请拨打0878-3389123",
        "106.32 108.28 107.98 107.85 104.11",
    ],
)
def test_what_is_nobodys_is_let_through(text: str) -> None:
    assert find_personal_data(text) == ()


def test_what_an_office_publishes_of_itself_is_let_through() -> None:
    text = "值班电话 138-0000-1234，邮箱 shebao@163.com，另有 13900005678"
    assert [datum.shown for datum in find_personal_data(text, ["13800001234", "shebao@163.com"])] == ["139****5678"]


@given(
    st.integers(110000, 659999), st.dates(), st.integers(0, 999), st.sampled_from(["", " ", "-", "·", "\u200b", "  "])
)
def test_every_right_identity_number_is_found_however_it_is_split(
    place: int, born: object, order: int, gap: str
) -> None:
    day = str(born).replace("-", "")
    if not "1880" <= day[:4] <= "2100":
        return
    body = f"{place:06}{day}{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    number = body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
    assert is_identity_number(number)
    told = f"他是{gap.join((number[:6], number[6:14], number[14:]))}的"
    assert [datum.kind for datum in find_personal_data(told)] == [PersonalKind.IDENTITY]


@given(st.text(alphabet="0123456789", min_size=15, max_size=18))
def test_a_card_has_one_check_digit(digits: str) -> None:
    ways = [is_card_number(f"62{digits[2:]}{check}") for check in "0123456789"]
    assert sum(ways) == 1


def test_real_sentences_raise_no_alarm() -> None:
    """At most one sentence in two thousand of what the repository holds: tables and texts of governments, our words."""
    files = chain.from_iterable(
        (ROOT / folder).rglob(pattern)
        for folder in ("disclosure", "templates", "docs", "tests/data")
        for pattern in ("*.yaml", "*.md", "*.csv", "*.txt", "*.j2")
    )
    sentences = [
        sentence
        for file in files
        for sentence in re.split(r"[。；\n]", file.read_text(encoding="utf-8", errors="replace"))
        if sentence.strip()
    ]
    alarms = [sentence for sentence in sentences if find_personal_data(sentence)]
    assert len(sentences) > 10_000
    assert len(alarms) * 2000 <= len(sentences), alarms


@given(st.integers(0, 4_000_000_000).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC)))
def test_a_time_stamp_is_nobodys_number(stamp: dt.datetime) -> None:
    """Printed sheets carry their hour of making; for some hours of a day ``Z`` read as 2 made an old number of it."""
    for written in ("D:%Y%m%d%H%M%SZ", "D:%Y%m%d%H%M%S+08'00'", "%Y%m%d%H%M%S%f", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%SZ"):
        assert find_personal_data(stamp.strftime(written)) == ()
