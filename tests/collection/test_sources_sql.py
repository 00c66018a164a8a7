"""Protects figures from a centre's database: real PostgreSQL and MariaDB, read only, bounded, errors in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, create_engine, make_url, select, text

from disclosure.calendar.periods import parse_period
from disclosure.collection.intake.intake import Intake, take_in
from disclosure.collection.sources.base import WaitingCycle
from disclosure.collection.sources.sql import parameters
from disclosure.cycle import queries
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import Observation, Submission
from tests.support import servers

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
PARTICIPANTS = "employee_pension.participants"
QUERY = """SELECT region, indicator, unit, value, note FROM figures
WHERE period_year = :year AND months = :months ORDER BY indicator, region -- 每项一行"""


class Centre:
    """A centre with its own database, connected to a bureau."""

    def __init__(self, bureau: Bureau, engine: Engine) -> None:
        self.bureau, self.engine = bureau, engine
        self.profile: Path = bureau.installation.settings.home / "profile"
        shutil.copytree(bureau.catalog.folder, self.profile)
        url = engine.url.set(drivername=engine.url.get_backend_name())
        self.facts: dict[str, Any] = {
            "centre": CENTRE,
            "kind": "sql",
            "url": url._replace(password=None).render_as_string(),
            "query": QUERY,
            "filler": "钱取数",
            "checker": "孙复核",
        }
        if url.password:
            self.facts["secrets"] = {"password": {"env": "CENTRE_PASSWORD"}}
        self.run(
            "CREATE TABLE figures (period_year int, months int, region varchar(20), indicator varchar(100), "
            "unit varchar(20), value numeric(18, 2), note varchar(200))"
        )
        for figure in bureau.figures(CENTRE):
            self.run(
                "INSERT INTO figures VALUES (2016, 12, :region, :indicator, :unit, :value, NULL)",
                region=figure.region,
                indicator=figure.indicator,
                unit=figure.unit,
                value=figure.value,
            )

    def run(self, statement: str, **given: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), given)

    def take_in(self, *, again: bool = False, **changed: Any) -> Intake:
        """One intake, with ``changed`` facts."""
        source = {key: value for key, value in {**self.facts, **changed}.items() if value is not None}
        sources = yaml.safe_dump({"sources": {"ledger": source}}, allow_unicode=True)
        (self.profile / "sources.yaml").write_text(sources, encoding="utf-8")
        settings = self.bureau.installation.settings.model_copy(
            update={"profile": str(self.profile), "intake_settle_seconds": 0}
        )
        return take_in(Installation(settings), again=again)

    def failure(self, **changed: Any) -> str:
        """The one sentence an intake says that could not ask the database."""
        found = self.take_in(**changed)
        assert found.taken == ()
        (told,) = found.failures
        assert told.startswith("区社保中心：数据库 ")
        assert told.count("。") == 1
        return told


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty database of a centre; the kind comes by parameter."""
    made = create_engine(request.getfixturevalue(request.param))
    if made.dialect.name != "postgresql":
        with made.begin() as connection:
            connection.execute(text("CREATE OR REPLACE DATABASE ybzx CHARACTER SET utf8mb4"))
            connection.execute(text("CREATE OR REPLACE USER reader IDENTIFIED BY 'g/eh@eim'"))
            connection.execute(text("GRANT ALL ON ybzx.* TO reader"))
        made.dispose()
        made = create_engine(make_url(made.url).set(username="reader", password="g/eh@eim", database="ybzx"))
    monkeypatch.setenv("CENTRE_PASSWORD", made.url.password or "")
    yield made
    made.dispose()


@pytest.fixture
def centre(new_bureau: Any, engine: Engine) -> Iterator[Centre]:
    bureau = new_bureau()
    yield Centre(bureau, engine)
    bureau.installation.records.engine.dispose()


on_each_database = pytest.mark.parametrize("engine", ["postgres_url", "mariadb_url"], indirect=True)


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def standing(bureau: Bureau) -> Submission:
    with bureau.installation.records.read() as session:
        return queries.standing_submissions(session, queries.get_cycle(session, bureau.cycle_id))[CENTRE]


@on_each_database
def test_a_query_becomes_a_submission_of_its_centre(centre: Centre) -> None:
    bureau = centre.bureau
    # Wrong at first: told by row, kept, and asked again without recording the same twice.
    centre.run("UPDATE figures SET unit = '万人' WHERE indicator = :indicator", indicator=PARTICIPANTS)
    centre.run("INSERT INTO figures VALUES (2016, 12, '高港', '参保人数', '人', 1, NULL)")
    centre.run("INSERT INTO figures VALUES (2016, 12, '泰州市高港区', 'employee_medical.income', '万元', 1, NULL)")
    centre.run("INSERT INTO figures VALUES (2015, 12, 'x', 'y', 'z', 1, NULL)")
    found = centre.take_in()
    assert found.failures == ()
    assert [line.result for line in found.taken] == ["退回"]
    (submission,) = rows(bureau, Submission)
    told = {int(p["cell"]): p for p in submission.problems}
    assert [p["sheet"] for p in submission.problems] == ["", "", ""]
    by_name = sorted([*(f.indicator for f in bureau.figures(CENTRE)), "employee_medical.income", "参保人数"])
    assert set(told) == {by_name.index(name) + 1 for name in (PARTICIPANTS, "employee_medical.income", "参保人数")}
    assert "计量单位“万人”" in told[by_name.index(PARTICIPANTS) + 1]["found"]
    assert "区医保中心的指标" in told[by_name.index("employee_medical.income") + 1]["found"]
    assert "目录中没有这个指标" in told[by_name.index("参保人数") + 1]["why"]
    (answer,) = (bureau.installation.settings.inbox / CENTRE / "回执").iterdir()
    said = answer.read_bytes().decode("utf-8-sig")
    assert f"第 {by_name.index(PARTICIPANTS) + 1} 行：实际为" in said
    assert "请改正来源里的数据，改好后系统会自动再取" in said
    assert [line.result for line in centre.take_in().taken] == ["重复"]
    assert len(rows(bureau, Submission)) == 1

    centre.run(
        "UPDATE figures SET unit = '人', note = '口径有调整' WHERE indicator = :indicator", indicator=PARTICIPANTS
    )
    centre.run("DELETE FROM figures WHERE value = 1 AND region IN ('高港', '泰州市高港区')")
    (line,) = centre.take_in().taken
    assert (line.result, line.words) == ("已收", "2016年度第 1 轮，22 个数据，还缺区医保中心")
    accepted = standing(bureau)
    assert (accepted.filler, accepted.checker) == ("钱取数", "孙复核")
    assert [e["text"] for e in accepted.explanations] == ["口径有调整"]
    taken = rows(bureau, Observation)
    assert {(o.region, o.indicator, o.unit, o.value) for o in taken} == {
        (f.region, f.indicator, f.unit, f.value) for f in bureau.figures(CENTRE)
    }
    assert {o.indicator: o.cell for o in taken} == {
        name: str(n) for n, name in enumerate(sorted(o.indicator for o in taken), 1)
    }
    kept = file_path(bureau.installation.settings.files, accepted.sha256).read_text(encoding="utf-8").splitlines()
    assert json.loads(kept[0])["origin"]["query"] == QUERY.partition(" --")[0]
    assert len(kept) == 23

    # Handed in: nobody asks the database again, unless told to.
    assert centre.take_in(query="SELECT 1 FROM nowhere ORDER BY 1").taken == ()
    assert [line.result for line in centre.take_in(again=True).taken] == ["重复"]
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52002"' in bureau.compile().content

    # Sent back, what nobody has mended is not handed in by itself.
    bureau.send_back("policy", CENTRE)
    bureau.begin_next_round()
    (line,) = centre.take_in().taken
    assert line.result == "没有变化"
    assert "disclosure intake --again" in line.words
    centre.run("UPDATE figures SET value = 52003 WHERE indicator = :indicator", indicator=PARTICIPANTS)
    assert [line.result for line in centre.take_in().taken] == ["已收"]
    assert '"52003"' in bureau.compile().content


@on_each_database
def test_every_error_is_one_sentence(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    is_postgres = centre.engine.dialect.name == "postgresql"
    url, order = make_url(centre.facts["url"]), "FROM figures ORDER BY 1"
    wanted = "region, indicator, unit"
    # MariaDB does not tell somebody without rights what there is.
    nowhere = "没有这个库" if is_postgres else "这个用户不能使用这个库"
    assert nowhere in centre.failure(url=url.set(database="nowhere").render_as_string())
    assert "连不上" in centre.failure(url=url.set(port=servers.free_port()).render_as_string())
    assert "连不上" in centre.failure(url=url.set(host="no-such-host.invalid").render_as_string())
    assert "查询用到的表不存在" in centre.failure(query="SELECT 1 FROM nowhere ORDER BY 1")
    assert "查询用到的列不存在" in centre.failure(query=f"SELECT nothing {order}")
    assert "语法错误" in centre.failure(query=f"SELECT FROM FROM {order}")
    lacking = centre.failure(query=f"SELECT {wanted} {order}")
    assert "的查询结果缺少列 value：应有 region、indicator、unit、value 四列" in lacking
    assert "列 unit 出现了两次" in centre.failure(query=f"SELECT {wanted}, value, unit {order}")
    assert "超过 5 行" in centre.failure(max_rows=5)
    sleeping = "pg_sleep(30)" if is_postgres else "sleep(30)"
    assert "查询超时" in centre.failure(timeout_seconds=1, query=f"SELECT {wanted}, {sleeping} AS value {order}")
    assert "环境变量 NOT_SET 没有设置" in centre.take_in(secrets={"password": {"env": "NOT_SET"}}).failures[0]
    # No figures for the period yet: not an error, and nothing to hand in.
    assert centre.take_in(query=f"SELECT {wanted}, value FROM figures WHERE 1 = 0 ORDER BY 1") == Intake((), (), ())
    assert rows(centre.bureau, Submission) == []

    # No query changes anything, whatever it calls.
    before = count(centre)
    if is_postgres:
        told = f"WITH gone AS (DELETE FROM figures RETURNING *) SELECT {wanted}, value FROM gone ORDER BY 1"
        assert "查询语句要改动数据库，已拒绝" in centre.failure(query=told)
        centre.run("CREATE FUNCTION tidy() RETURNS int LANGUAGE sql AS 'DELETE FROM figures; SELECT 1'")
    else:
        centre.run("CREATE FUNCTION tidy() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM figures; RETURN 1; END")
    writing = f"SELECT {wanted}, tidy() AS value {order}"
    assert "查询语句要改动数据库，已拒绝" in centre.failure(query=writing)
    assert count(centre) == before == 22

    if not is_postgres:
        monkeypatch.setenv("CENTRE_PASSWORD", "falsch#42")
        told = centre.failure()
        assert "用户名或口令不对" in told
        assert "falsch" not in told


def count(centre: Centre) -> int:
    with centre.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM figures")).scalar_one())


def test_what_a_query_can_bind() -> None:
    given = parameters(WaitingCycle(parse_period("2026-h1"), 2), CENTRE, "532300")
    assert {name: str(value) for name, value in given.items()} == {
        "period": "2026-h1",
        "kind": "h1",
        "year": "2026",
        "months": "6",
        "first_day": "2026-01-01",
        "last_day": "2026-06-30",
        "round": "2",
        "centre": CENTRE,
        "region": "532300",
    }
