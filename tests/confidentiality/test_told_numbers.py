"""Protects the search for numbers that words tell to be a person's: plates, certificates, permits, accounts, births."""

from __future__ import annotations

import pytest

from disclosure.confidentiality.personal_data import PersonalKind, find_personal_data
from disclosure.confidentiality.told_numbers import is_hong_kong_number

pytestmark = pytest.mark.unit

#: Made up.
FOUND = {
    PersonalKind.MOBILE: [
        *("手机号幺三八零八七八幺俩仨四", "拨打幺三八洞八拐八幺两三四", "找张三一三八零八七八一二三四", "⑴⑶⑻⓿⑻⑺⑻⑴⑵⑶⑷"),
        *("❶❸❽⓿❽❼❽❶❷❸❹", "〡〣〨〇〨〧〨〡〢〣〤", "&#49;&#51;&#56;08781234", "138📞0878📞1234", "138————0878————1234"),
        *(
            "138和0878和1234",
            "138杠0878杠1234",
            "138x0878x1234",
            "138 空格 0878 1234",
            "138转0878接1234",
            "138★0878★1234",
        ),
        "".join(f"{digit}\ufe0f\u20e3" for digit in "13808781234"),
    ],
    PersonalKind.BANK_CARD: [
        *(
            "6222●0212●3456●7894",
            "6222・0212・3456・7894",
            "6222    0212    3456    7894",
            "6222\n\n\n\n0212\n\n\n\n3456\n\n\n\n7894",
        ),
    ],
    PersonalKind.ACCOUNT_NUMBER: [
        "银行卡号：6217001234567890123",
        "银行账号 2402 0101 0400 1234 5",
        "存折号24020101040012345",
    ],
    PersonalKind.IDENTITY: [
        "身份证号：532301198503152411",
        "身份证号码53230119850315413",
        "张三五三二三零一一九八五零三一五二四一五",
    ],
    PersonalKind.HOME_TELEPHONE: [
        *(
            "家庭电话：零八七八三三八九一二三",
            "住宅电话 三三八九一二三",
            "宅电：0878-三三八九一二三",
            "家里座机0878－3389123",
        ),
        *("家中座机：3389123", "家庭固话 0878-3389123", "住宅电话：三三八九 一二三"),
    ],
    PersonalKind.PLATE: [
        *(
            "车牌号云E12345",
            "云E·12345",
            "其车辆云EA1B23停放",
            "云ED12345",
            "云 E 12345",
            "车牌：云E-123A5",
            "云E1234学",
            "车牌云e12345",
        ),
        *("Ａ车云Ｅ１２３４５", "云E1234警", "号牌沪A·D12345"),
    ],
    PersonalKind.CERTIFICATE: [
        *(
            "军官证：军字第2001988号",
            "军官证号南字第01234567号",
            "士兵证号 士字第20018883号",
            "文职干部证 文字第123456号",
        ),
        *(
            "武警警官证 武字第00123456号",
            "退役军人优待证 53000012345678",
            "政字第20198765号",
            "驾驶证号532301198503152",
            "残疾军人证 123456",
        ),
    ],
    PersonalKind.PERMIT: [
        *(
            "H1234567801",
            "台胞证 12345678",
            "台湾居民来往大陆通行证号码：12345678",
            "台湾居民来往大陆通行证12345678(A)",
            "A123456(3)",
        ),
        *(
            "澳门身份证1234567(8)",
            "台湾身份证A123456789",
            "外国人永久居留身份证 CHN123456789012",
            "证件C12345678",
            "通行证H12345678",
        ),
    ],
    PersonalKind.INSURED: [
        "社会保障号码：53230119850315",
        "个人编号：5323000123456",
        "社保卡号：A12345678",
        "医保编号：五三二三零零一二三四",
    ],
    PersonalKind.BIRTH: [
        "张伟，男，1985年3月15日出生",
        "李强（1985年3月出生，住鹿城镇）",
        "出生日期：1985-03-15",
        "王芳，女，彝族，1985年3月生",
    ],
    PersonalKind.ACCOUNT: [
        *(
            "加V：abc12345",
            "wx: zhang_wei88",
            "vx号zhangwei88",
            "微信联系zhangwei88",
            "扣扣12345678",
            "支付宝账号 zhangwei88",
            "钉钉号 zhangwei88",
        ),
    ],
    PersonalKind.EMAIL: ["zhangwei艾特qq点com", "zhangwei 在 163 点 com"],
    PersonalKind.PASSPORT: ["护照 E一二三四五六七八"],
    PersonalKind.ADDRESS: [
        *(
            "张伟（鹿城镇某小区2栋3单元501室）",
            "住楚雄市鹿城镇彝人古镇12幢",
            "户籍：云南省楚雄市东瓜镇1组12号",
            "通讯地址：阳光小区5栋2单元301",
        ),
        "租住在楚雄市团结路八号",
    ],
}
NOBODYS = [
    *(
        "持社保卡1234567人次",
        "退役1234567人",
        "持社会保障卡1523456人",
        "社会保障卡1523456张",
        "退休证 1234567 本",
        "医保卡 12345678 张",
    ),
    *(
        "军人退役养老保险12345678人",
        "优待 1234567 人",
        "身份证 123456789012345 张",
        "办理居住证532人",
        "居住证 12345 张",
        "云S12345次",
    ),
    *(
        "1960年1月1日以后出生的",
        "男年满60周岁、女，1965年1月1日前出生",
        "出生日期1965年1月1日以后的",
        "出生日期为1965-01-01之前",
    ),
    *(
        "滇字第2023号",
        "云人社字第20231号",
        "(2025)云23民终1234号",
        "云2301民初12345号",
        "苏C2025号",
        "黑A档",
        "云南省A级",
    ),
    *(
        "微信公众号：cxzrsj",
        "官方微信 chuxiong12333",
        "WeChat article",
        "official WeChat account",
        "社保卡号可在卡面查看",
        "户口簿、身份证原件",
    ),
    *(
        "楚雄州住房和城乡建设局鹿城镇团结路1号",
        "住鹿城镇的参保人到3号窗口",
        "入住县福利院3号楼",
        "住院1234人",
        "企业住所：楚雄市鹿城南路88号",
    ),
    *(
        "138、2345、6789人",
        "个人账户 123456789012 元",
        "A123456(4)",
        "在岗8 点 com",
        "行政中心3号楼201室",
        "参保138和缴费2345",
    ),
]


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, texts in FOUND.items() for text in texts])
def test_it_is_found_and_not_repeated(text: str, kind: PersonalKind) -> None:
    found = find_personal_data(text)
    assert kind in {datum.kind for datum in found}
    for datum in found:
        assert not find_personal_data(datum.shown), "what is shown must tell nothing"


@pytest.mark.parametrize("text", NOBODYS)
def test_a_number_of_other_things_is_let_through(text: str) -> None:
    assert find_personal_data(text) == ()


def test_what_an_office_publishes_of_itself_is_let_through() -> None:
    assert find_personal_data("公务用车 云E·12345", ["云E12345"]) == ()
    assert find_personal_data("银行账号 2402010104001234 5", ["24020101040012345"]) == ()


def test_a_number_of_hong_kong_has_one_check_character() -> None:
    assert [check for check in "0123456789A" if is_hong_kong_number("A", "123456", check)] == ["3"]
    assert [check for check in "0123456789A" if is_hong_kong_number("AB", "987654", check)] == ["3"]


def test_a_long_word_holds_nobody_up() -> None:
    assert find_personal_data("a" * 100_000) == ()
