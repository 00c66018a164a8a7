"""Protects inboxes elsewhere: a real OpenSSH server, an S3 server, and CSV files; errors in words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from disclosure.collection.intake.intake import Intake, take_in
from disclosure.collection.sources.inbox import InboxPoll
from disclosure.collection.sources.store import Store
from disclosure.records.installation import Installation
from disclosure.records.tables import Observation, RefusedFile, Submission
from tests.support import servers

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
PARTICIPANTS = "employee_pension.participants"


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Iterator[Bureau]:
    made = new_bureau(enrolled=False)
    yield made
    made.installation.records.engine.dispose()


def take_in_from(bureau: Bureau, **source: Any) -> Intake:
    """One intake with one source in the profile."""
    profile = bureau.installation.settings.home / "profile"
    if not profile.exists():
        shutil.copytree(bureau.catalog.folder, profile)
    sources = yaml.safe_dump({"sources": {"theirs": {"centre": CENTRE, **source}}}, allow_unicode=True)
    (profile / "sources.yaml").write_text(sources, encoding="utf-8")
    update = {"profile": str(profile), "intake_settle_seconds": 0}
    return take_in(Installation(bureau.installation.settings.model_copy(update=update)))


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def check_inbox(bureau: Bureau, store: Store, take: Callable[[], Intake]) -> None:
    """What every inbox does, wherever it lies."""
    old, new = bureau.workbook(CENTRE), bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    store.put("一 第1轮.xlsx", old)
    store.put("不是报表.txt", b"no workbook")
    store.put("二.xlsx.part", new)
    found = take()
    assert found.failures == ()
    assert sorted((line.file_name, line.result) for line in found.taken) == [
        ("一 第1轮.xlsx", "已收"),
        ("不是报表.txt", "没有收取"),
    ]
    assert [entry.name for entry in store.entries()] == ["二.xlsx.part"]
    (returned,) = rows(bureau, RefusedFile)
    assert "不是报表.txt" in returned.file_name
    assert len(names(store, "回执")) == 2
    taken = names(store, "已收")
    assert [name.endswith("-一 第1轮.xlsx") for name in taken] == [True, False]
    assert b"".join(store.chunks(f"已收/{taken[0]}")) == old
    assert "22 个数据" in b"".join(store.chunks(f"已收/{taken[1]}")).decode("utf-8-sig")
    assert take().taken == ()
    store.move("二.xlsx.part", "一 第1轮.xlsx")
    store.put("三.xlsx", new)
    assert sorted(line.result for line in take().taken) == ["已收", "重复"]
    assert len(names(store, "已收")) == 6
    assert len(rows(bureau, Submission)) == 2


def test_a_pipe_is_called_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "管道.xlsx")
    (tmp_path / "文件夹").mkdir()
    poll = InboxPoll(Store(str(tmp_path), {}, {}, "收件夹"))
    (said,) = poll.misplaced().values()
    assert said.startswith("“管道.xlsx”不是普通文件（是管道或设备），没有收")


def names(store: Store, folder: str) -> list[str]:
    """File names in a subfolder."""
    store.fs.invalidate_cache()
    return sorted(path.rpartition("/")[2] for path in store.fs.ls(f"{store.root}/{folder}", detail=False))


def test_an_inbox_over_sftp(
    bureau: Bureau, sftp_server: servers.Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "收件"
    folder.mkdir()
    url = f"sftp://{sftp_server.user}@127.0.0.1:{sftp_server.port}{folder}"
    key = {"key_filename": str(sftp_server.user_key)}
    options = {**key, "host_key": sftp_server.host_key}

    def take(**changed: Any) -> Intake:
        return take_in_from(bureau, **{"kind": "inbox", "url": url, "options": options, **changed})

    def failure(**changed: Any) -> str:
        found = take(**changed)
        assert found.taken == ()
        (told,) = found.failures
        assert told.startswith("区社保中心：收件夹 sftp://")
        assert told.count("。") == 1
        return told

    store = Store(url, options, {}, "收件夹")
    check_inbox(bureau, store, take)
    store.close()
    # A link leads nowhere, also over SFTP, and a folder is not searched; both are told.
    (tmp_path / "真.xlsx").write_bytes(bureau.workbook(CENTRE))
    (folder / "链接.xlsx").symlink_to(tmp_path / "真.xlsx")
    (folder / "7月").mkdir()
    (folder / "7月" / "报表.xlsx").write_bytes(bureau.workbook(CENTRE))
    found = take()
    assert (found.taken, found.arriving, found.failures) == ((), (), ())
    assert sorted(words.partition("，")[0] for words in found.misplaced) == [
        "区社保中心：“链接.xlsx”是一个链接（快捷方式）",
        "区社保中心：文件夹“7月”里的文件没有收；请把要报送的文件直接放进收件夹",
    ]

    assert "host_key" in failure(options=key)
    assert "host_key 应写成" in failure(options={**key, "host_key": "ssh-ed25519"})
    other = sftp_server.host_key[:-4] + "AAAA"
    assert "对方主机的公钥与 host_key 不符，没有连接" in failure(options={**key, "host_key": other})
    assert "没有这个文件或文件夹" in failure(url=f"{url}/nowhere")
    assert "连不上" in failure(url=url.replace(str(sftp_server.port), str(servers.free_port())))
    monkeypatch.setenv("THEIR_PASSWORD", "g/eh@eim")
    refused = failure(options={"host_key": sftp_server.host_key}, secrets={"password": {"env": "THEIR_PASSWORD"}})
    assert "不接受这种登录方式" in refused
    assert "eim" not in refused


def test_an_inbox_in_s3(bureau: Bureau, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_KEY", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("THEIR_SECRET", "geheim/geheim")
    secrets = {"key": {"env": "THEIR_KEY"}, "secret": {"env": "THEIR_SECRET"}}
    options = {"endpoint_url": s3_server, "client_kwargs": {"region_name": "cn-north-1"}}
    url = "s3://yibao/收件"
    store = Store(url, options, {"key": "AKIAIOSFODNN7EXAMPLE", "secret": "geheim/geheim"}, "收件夹")
    store.fs.mkdir("yibao")

    def take(**changed: Any) -> Intake:
        return take_in_from(bureau, **{"kind": "inbox", "url": url, "options": options, "secrets": secrets, **changed})

    check_inbox(bureau, store, take)
    store.close()
    (told,) = take(url="s3://nowhere/收件").failures
    assert told == "区社保中心：收件夹 s3://nowhere/收件：没有这个文件或文件夹，请核对 url。"
    nobody = {**options, "endpoint_url": f"http://127.0.0.1:{servers.free_port()}"}
    (told,) = take(options=nobody).failures
    assert "连不上，请核对地址、端口和网络" in told
    assert "geheim" not in told


HEADING = "indicator,地区名,region,unit,value,state,note,insurance\n"


def test_a_csv_becomes_a_submission_of_its_centre(bureau: Bureau, tmp_path: Path) -> None:
    csv = {"kind": "csv", "url": f"{tmp_path}/{{period}}.csv", "filler": "钱导出", "checker": "孙复核"}
    assert take_in_from(bureau, **csv) == Intake((), (), ())
    file = tmp_path / "2016-annual.csv"
    figures = [f for f in bureau.figures(CENTRE) if f.indicator != PARTICIPANTS]
    lines = [f"{f.indicator},x,{f.region},{f.unit},{f.value},,,\n" for f in figures]
    first = "参保人数,高港,321203,人,{},,,企业职工基本养老保险\n"
    file.write_text(HEADING + first.format("5.2万") + "\n" + "".join(lines), encoding="gb18030")
    (line,) = take_in_from(bureau, **csv).taken
    assert line.result == "退回"
    assert "第 2 行：实际为“参保人数—泰州市高港区”的文字“5.2万”，应为不小于 0 的整数（单位：人）" in line.words
    file.write_text(HEADING + first.format("52002") + "\n" + "".join(lines), encoding="utf-8-sig")
    (line,) = take_in_from(bureau, **csv).taken
    assert (line.result, line.words) == ("已收", "2016年度第 1 轮，22 个数据，还缺区医保中心")
    cells = {o.indicator: o.cell for o in rows(bureau, Observation)}
    # The blank line counts: these are the file's own line numbers.
    assert cells == {PARTICIPANTS: "2", **{f.indicator: str(n) for n, f in enumerate(figures, 4)}}
    assert take_in_from(bureau, **csv).taken == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"region,indicator,value\n", "第 1 行缺少列 unit：应有 region、indicator、unit、value 四列"),
        (b'region,indicator,unit,value\n"a,b\n', "不是正确的 CSV"),
        ("region,indicator,unit,value\n".encode("utf-16"), "既不是 UTF-8 也不是 GB18030"),
    ],
)
def test_a_csv_that_is_none_is_told_in_one_sentence(
    bureau: Bureau, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "2016-annual.csv").write_bytes(content)
    csv = {"kind": "csv", "url": f"{tmp_path}/{{year}}-{{kind}}.csv", "filler": "钱导出", "checker": "孙复核"}
    (told,) = take_in_from(bureau, **csv).failures
    assert sentence in told
    assert told.startswith("区社保中心：2016-annual.csv")
    assert rows(bureau, Submission) == []
