"""Protects the command line against a running office: exit codes, Chinese in which people are told what to do."""

from __future__ import annotations

import re

import openpyxl
import pyotp
import pytest

from tests.support.office import Office

pytestmark = pytest.mark.flows

PAST = """region,period,insurance,indicator,unit,value
泰州市高港区,2015,企业职工基本养老保险,参保人数,人,51000
泰州市高港区,2015,企业职工基本养老保险,不存在的指标,人,1
"""


def status_of(office: Office, label: str) -> str:
    """What ``status`` says of one cycle: its line and the indented ones below it."""
    told = office.cli("status").stdout
    found = re.search(rf"^{re.escape(label)}  .*(?:\n  .*)*", told, re.MULTILINE)
    assert found is not None, told
    return found[0]


@pytest.mark.full
def test_a_cycle_from_the_terminal(office: Office) -> None:
    period = office.past_period()
    early = office.cli("submit", office.filled_workbook(period, "medical_centre"))
    assert early.returncode == 1
    assert f"请先运行 disclosure open {period.id}" in early.stdout

    opened = office.cli("open", period.id)
    assert opened.returncode == 0, opened.stdout + opened.stderr
    assert f"✓ {period.label}已开启。" in opened.stdout
    run_id = re.search(r"/runs/flow-run/([0-9a-f-]{36})", opened.stdout)
    assert run_id is not None
    folder = office.settings.workbooks / period.id
    handed_out = {path.name for path in folder.iterdir()}
    assert handed_out == {f"{period.label}-{centre}-第1轮.xlsx" for centre in ("区社保中心", "区医保中心")}

    again = office.cli("workbook", period.id)
    assert again.returncode == 0
    assert {path.name for path in folder.iterdir()} == handed_out

    case = office.new_cycle(period=period)
    case.run_id = run_id[1]
    assert case.next_form().is_about_submissions

    empty = office.cli("submit", folder / f"{period.label}-区医保中心-第1轮.xlsx")
    assert empty.returncode == 1
    assert "✗" in empty.stdout
    assert "原件已留存" in empty.stdout
    assert "没有填任何数据" in empty.stdout

    spoilt = office.filled_workbook(period, "medical_centre")
    book = openpyxl.load_workbook(spoilt)
    (cell,) = [cell for sheet in book for row in sheet for cell in row if cell.value == 62051]
    cell.value = "6.2万"
    book.save(spoilt)
    refused = office.cli("submit", spoilt)
    assert refused.returncode == 1
    assert "没有通过，共 1 处，原件已留存" in refused.stdout
    assert cell.parent.title in refused.stdout
    assert cell.coordinate in refused.stdout
    assert "6.2万" in refused.stdout

    first = office.cli("submit", office.filled_workbook(period, "social_insurance_centre"))
    assert first.returncode == 0
    assert "已收到 22 个数据" in first.stdout
    assert "还缺：区医保中心" in first.stdout
    assert "在等：区医保中心" in status_of(office, period.label)

    last = office.cli("submit", office.filled_workbook(period, "medical_centre"))
    assert last.returncode == 0
    assert "报表已到齐，流程继续。" in last.stdout
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]

    added = office.cli("people", "add", "张三", "政策法规科")
    assert added.returncode == 0
    assert "已登记 张三" in added.stdout
    uri = re.search(r"otpauth://\S+", added.stdout)
    assert uri is not None
    authenticator = pyotp.parse_uri(uri[0])
    # What every authenticator app can do (RFC 6238).
    assert isinstance(authenticator, pyotp.TOTP)
    assert (authenticator.interval, authenticator.digits) == (30, 6)
    office.secrets["张三"] = authenticator.secret
    typed = ["政策审核", "通过", "张三", office.code("张三"), "同意", "1"]
    resumed = office.cli("resume", period.id, typed="\n".join([*typed, ""]))
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "第 1 轮审核" in resumed.stdout
    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]

    told = status_of(office, period.label)
    assert "审核：政策审核通过" in told
    assert "在等：规划财务科、局办公室" in told
    assert "张三" in office.cli("people", "list").stdout


def test_import_people_and_doctor_say_what_is_wrong(office: Office) -> None:
    file = office.settings.home / "往年.csv"
    file.write_text(PAST, encoding="utf-8")
    first, again = office.cli("import", file), office.cli("import", file)
    assert first.returncode == again.returncode == 0
    assert "不存在的指标" in first.stdout
    assert "已导入 1 个数据" in first.stdout
    assert "没有新的数据" in again.stdout

    for arguments, sentence in (
        (("people", "add", "李四", "财务处"), "没有“财务处”这个科室"),
        (("open", "2016-q1"), "不作1季度披露"),
        (("resume", "1990-annual"), "请先运行 disclosure open 1990-annual"),
        (("submit",), "请写明要报送的文件"),
    ):
        told = office.cli(*arguments)
        assert told.returncode == 1, told.stdout
        assert sentence in told.stdout
        assert "Traceback" not in told.stdout + told.stderr

    checked = office.cli("doctor")
    assert checked.returncode == 0, checked.stdout
    assert "✓ 流程服务" in checked.stdout
