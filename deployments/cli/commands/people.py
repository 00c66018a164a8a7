"""``disclosure people …``: who may hand in, review and sign."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table
from sqlalchemy import select

from deployments.cli.chinese import make_noun
from deployments.cli.common import open_installation
from deployments.cli.screen import console, done
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import Person, Substitution

if TYPE_CHECKING:
    from disclosure.platform.settings import Settings
    from disclosure.review.people import Enrolment

people_app = make_noun("people", "人员：登记、邀请、换发、停用、代理、提醒方式。")


@people_app.command(name="add")
def people_add(
    name: Annotated[str, Parameter(help="姓名")],
    office: Annotated[str, Parameter(help="科室名称，如 规划财务科")],
    *,
    role: Annotated[tuple[str, ...], Parameter(help="只给这些角色，如 保密审核人；不写则为科室的全部角色")] = (),
) -> None:
    """登记一个人，并给出验证器要扫的二维码和设置密码的邀请（都只显示这一次）。"""
    # Spares the other commands Argon2 and cryptography.
    from disclosure.access import invitations
    from disclosure.review import people

    installation = open_installation()
    with installation.begin() as work:
        made = people.enrol(work.session, installation.catalog, installation.cipher, name, office, roles=role)
        token = invitations.invite(work, made.person.name, shows_secret=True)
    _show_enrolment(made)
    _show_invitation(installation.settings, made.person.name, token)


@people_app.command(name="invite")
def people_invite(name: Annotated[str, Parameter(help="姓名")]) -> None:
    """发一个新的邀请，本人凭它设置密码（第一次来，或忘了密码时）；以前的邀请作废。"""
    # Spares the other commands Argon2 and cryptography.
    from disclosure.access import invitations

    installation = open_installation()
    with installation.begin() as work:
        token = invitations.invite(work, name.strip())
    _show_invitation(installation.settings, name.strip(), token)


@people_app.command(name="code")
def people_code(name: Annotated[str, Parameter(help="演示里的姓名，如 演示·规划财务科")]) -> None:
    """显示演示人员现在的一次性口令；真人的口令只在本人的手机上。"""
    # Spares the other commands cryptography and pyotp.
    import pyotp

    from disclosure.review import people

    installation = open_installation()
    with installation.records.read() as session:
        person = people.find_person(session, name)
        if person is None:
            raise DisclosureError(people.not_enrolled(name).sentence)
        if not person.is_demo:
            raise DisclosureError(f"“{person.name}”不是演示人员，口令只在本人的手机上；丢了请用 people re-enrol。")
        secret = installation.cipher.decrypt(person.secret)
    console.print(pyotp.TOTP(secret, interval=people.STEP_SECONDS).at(utc_now()))


@people_app.command(name="re-enrol")
def people_re_enrol(name: Annotated[str, Parameter(help="姓名")]) -> None:
    """换发验证器密钥（手机丢失、被锁定或重新启用时），旧的立即作废。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import people

    installation = open_installation()
    with installation.records.write() as session:
        made = people.re_enrol(session, installation.catalog, installation.cipher, name)
    _show_enrolment(made)
    console.print(f"密码不变；密码也忘了时，请再运行 disclosure people invite {name}。")


@people_app.command(name="disable")
def people_disable(name: Annotated[str, Parameter(help="姓名")]) -> None:
    """停用一个人；以前作出的结论不受影响。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import people

    with open_installation().records.write() as session:
        people.disable(session, name)
    done(f"{name} 已停用。")


@people_app.command(name="substitute")
def people_substitute(
    name: Annotated[str, Parameter(help="代理人姓名")],
    absent: Annotated[str, Parameter(help="被代理人姓名")],
    *,
    first: Annotated[dt.date, Parameter(help="开始日期，如 2026-03-02")],
    last: Annotated[dt.date, Parameter(help="结束日期（含当日）")],
) -> None:
    """登记代理：在两个日期之间，一个人可以代另一个人审核。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import people

    with open_installation().records.write() as session:
        people.substitute(session, name, absent, first, last)
    done(f"{first} 至 {last}，{name} 可以代 {absent} 审核。")


@people_app.command(name="contact")
def people_contact(
    name: Annotated[str, Parameter(help="姓名")],
    messenger: Annotated[str, Parameter(help="通知方式：email、wecom、dingtalk，或其中文名；不写则不再提醒")] = "",
    address: Annotated[str, Parameter(help="电子邮箱；企业微信、钉钉填手机号")] = "",
) -> None:
    """登记提醒怎样送到一个人。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import people

    installation = open_installation()
    with installation.records.write() as session:
        person = people.set_contact(session, installation.catalog, name, messenger, address)
        way = installation.catalog.messengers[person.messenger].name if person.messenger else ""
    done(f"给 {name} 的提醒改由{way}送到 {person.address}。" if way else f"不再给 {name} 发提醒。")


@people_app.command(name="list")
def people_list() -> None:
    """列出登记过的人。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review.people import own_roles

    installation = open_installation()
    table = Table("姓名", "科室", "角色", "状态", "提醒", box=None, header_style="bold", pad_edge=False)
    with installation.records.read() as session:
        for person in session.scalars(select(Person).order_by(Person.id)):
            state = "在用" if person.is_active else "停用"
            office = installation.catalog.offices.get(person.office)
            table.add_row(
                person.name,
                office.name if office else person.office,
                "、".join(installation.catalog.roles[role].name for role in own_roles(installation.catalog, person))
                or "—",
                state + ("（演示）" if person.is_demo else ""),
                installation.catalog.messengers[person.messenger].name
                if person.messenger in installation.catalog.messengers
                else "未登记",
            )
        today = shanghai(utc_now()).date()
        standing_in = [
            f"{session.get_one(Person, row.person_id).name} 代 {session.get_one(Person, row.absent_person_id).name}"
            f"（{row.first_day} 至 {row.last_day}）"
            for row in session.scalars(select(Substitution).where(Substitution.last_day >= today))
        ]
    console.print(table)
    for line in standing_in:
        console.print(f"代理：{line}")


def _show_enrolment(made: Enrolment) -> None:
    # Spares the other commands segno.
    import segno

    done(f"已登记 {made.person.name}。请本人用手机验证器（任何支持 TOTP 的应用）扫描：")
    segno.make(made.uri, error="m").terminal(out=sys.stdout, compact=True)
    console.print(made.uri, soft_wrap=True)


def _show_invitation(settings: Settings, name: str, token: str) -> None:
    # Spares the other commands Argon2 and cryptography.
    from disclosure.access.invitations import LASTS

    done(f"请把下面的地址交给 {name} 本人，{LASTS.days} 天内打开一次，设置密码：")
    console.print(f"{settings.server_url}/invitation/{token}", soft_wrap=True)
