"""Credentials of the kinds live, team and test: the people they reach, and what they show."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from users import set_service_team as command

from tests.integration.builders import CONTEXT, a_person, a_reader, an_address, at_once
from tests.integration.notifications.builders import the_notification, where
from tidings.delivery.models import Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.monitoring.explaining.operations import explain_notification
from tidings.notifications.digests import send_digests
from tidings.notifications.errors import NotInTeam, UnknownRecipient
from tidings.notifications.models import SendRequest
from tidings.notifications.queries import (
    get_notification_status,
    get_unread_count,
    get_user_notifications,
)
from tidings.notifications.schemas import AcceptedNotification, SendNotification
from tidings.notifications.send_api import send_notification
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.templates.errors import MissingVariable
from tidings.users.errors import ServiceNotFound, TeamNotWanted, UnknownTeamMember
from tidings.users.models import Service, User
from tidings.users.operations import delete_account
from tidings.users.schemas import CreateService, SetServiceTeam
from tidings.users.service_kinds import ServiceKind
from tidings.users.services import create_service, get_services, set_service_team
from tidings.users.simulated import Outcome, person_id

OPERATOR = a_person(Role.OPERATOR)
ALL = PageRequest.model_validate({"limit": 100})


def address_of(person: Principal) -> str:
    return str(User.objects.get(pk=person.user_id).email)


def a_service(kind: ServiceKind = ServiceKind.TEST, *team: Principal) -> Principal:
    new = CreateService(name="Shop", kind=kind, team=tuple(address_of(each) for each in team))
    return Principal(user_id=create_service(new).client_id, role=Role.SERVICE)


def send(reader: Principal, caller: Principal, **more: Any) -> AcceptedNotification:
    content = {
        "notification_type": "inbox",
        "user_id": reader.user_id,
        "template_code": "order_status_update",
        "variables": {"order_id": "7", "state": "packed"},
        "request_id": new_id(),
    }
    wanted = SendNotification.model_validate(content | more)
    return send_notification(wanted, caller=caller)


# -------------------------------------------------------------------------------- test


def test_message_of_a_test_key_is_in_no_inbox() -> None:
    reader, service = a_reader(), a_service()
    accepted = send(reader, service)
    found = get_notification_status(accepted.id, caller=service)
    assert found.simulated
    assert [each.status for each in found.deliveries] == ["delivered"]
    assert list(get_user_notifications(reader.user_id, ALL, caller=reader).items) == []
    assert get_unread_count(reader.user_id, caller=reader) == 0
    explained = explain_notification(accepted.id, caller=OPERATOR)
    codes = {each.code for each in explained.notes}
    assert "simulated" in codes
    assert "removed_from_inbox" not in codes


def test_later_message_of_a_test_key_is_in_no_inbox_either() -> None:
    reader, service, due = a_reader(), a_service(), now() + timedelta(hours=1)
    accepted = send(reader, service, send_at=due.isoformat())
    assert release_due_notifications(due + timedelta(minutes=1)) == 1
    assert get_notification_status(accepted.id, caller=service).deliveries[0].status == "delivered"
    assert list(get_user_notifications(reader.user_id, ALL, caller=reader).items) == []


def test_test_key_gets_the_errors_of_a_live_one() -> None:
    service = a_service()
    with pytest.raises(UnknownRecipient):
        send(a_person(), service)
    with pytest.raises(MissingVariable):
        send(a_reader(), service, variables={})


def test_message_of_a_test_key_is_in_no_digest() -> None:
    reader = a_reader(digest="daily")
    send(reader, a_service(), notification_type="email")
    assert where(the_notification(reader), "email")[0] == "queued"
    assert send_digests(now() + timedelta(days=2)) == 0


def test_messages_of_live_keys_are_not_marked() -> None:
    reader = a_reader()
    accepted = send(reader, a_service(ServiceKind.LIVE))
    assert not get_notification_status(accepted.id, caller=OPERATOR).simulated
    stored = Notification._get_collection().find_one({"_id": accepted.id})
    assert "simulated" not in stored


def test_service_of_an_earlier_version_is_live() -> None:
    service = a_service()
    Service._get_collection().update_one(
        {"_id": service.user_id}, {"$unset": {"kind": 1, "team": 1}}
    )
    assert get_services()[0].kind == "live"
    accepted = send(a_reader(), service)
    assert not get_notification_status(accepted.id, caller=service).simulated


# -------------------------------------------------------------------------------- team


def test_team_key_sends_to_its_team_and_to_simulated_persons_only() -> None:
    member, stranger = a_reader(), a_reader()
    service = a_service(ServiceKind.TEAM, member)
    assert send(member, service)
    assert not get_notification_status(send(member, service).id, caller=service).simulated
    assert send(Principal(user_id=person_id(Outcome.DELIVERS), role=Role.CUSTOMER), service)
    for other in (stranger, a_person()):  # the same for an unknown account
        with pytest.raises(NotInTeam, match="kind team"):
            send(other, service, request_id="again")
    assert SendRequest.objects(sender_id=service.user_id).count() == 3


def test_refused_request_id_works_after_the_person_joins_the_team() -> None:
    stranger, service = a_reader(), a_service(ServiceKind.TEAM)
    with pytest.raises(NotInTeam):
        send(stranger, service, request_id="later")
    team = (address_of(stranger),)
    set_service_team(SetServiceTeam(client_id=service.user_id, team=team))
    assert send(stranger, service, request_id="later")


def test_person_who_left_the_team_gets_nothing_more() -> None:
    member = a_reader()
    service = a_service(ServiceKind.TEAM, member)
    command.handler({"client_id": service.user_id, "team": []}, CONTEXT)
    with pytest.raises(NotInTeam):
        send(member, service)


def test_team_is_replaced_as_a_whole_also_at_once() -> None:
    first, second = a_reader(), a_reader()
    service = a_service(ServiceKind.TEAM)
    teams = [(address_of(each),) for each in (first, second)] * 4
    at_once(
        [
            partial(set_service_team, SetServiceTeam(client_id=service.user_id, team=each))
            for each in teams
        ]
    )
    assert get_services()[0].team in ([first.user_id], [second.user_id])


def test_wrong_teams_are_refused_and_nothing_is_stored() -> None:
    member = a_reader()
    with pytest.raises(UnknownTeamMember, match="Address 2") as refused:
        create_service(
            CreateService(
                name="Shop", kind=ServiceKind.TEAM, team=(address_of(member), an_address())
            )
        )
    assert refused.value.field == "team.1"
    with pytest.raises(TeamNotWanted):
        create_service(CreateService(name="Shop", team=(address_of(member),)))
    assert Service.objects.count() == 0
    live = a_service(ServiceKind.LIVE)
    with pytest.raises(TeamNotWanted):
        set_service_team(SetServiceTeam(client_id=live.user_id, team=()))
    with pytest.raises(ServiceNotFound):
        set_service_team(SetServiceTeam(client_id=new_id(), team=()))


def test_deleted_account_leaves_all_teams(keys: Any) -> None:
    gone, stays = a_reader(), a_reader()
    a_service(ServiceKind.TEAM, gone, stays)
    delete_account(gone.user_id, caller=gone)
    assert get_services()[0].team == [stays.user_id]
