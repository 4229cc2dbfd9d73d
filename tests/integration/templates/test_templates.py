"""Templates in the database: versions, conflicts, rollbacks, previews and speed."""

import importlib
import json
from typing import Any

import pytest

from tests.integration.builders import CONTEXT, a_person, at_once, graphql, token_of
from tests.unit.platform.builders import api_event
from tests.unit.templates.builders import some_words
from tidings.platform.errors import TidingsError
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.templates import builtin, current, operations, queries, rendering, versions
from tidings.templates.errors import (
    MissingVariable,
    StaleTemplate,
    TemplateExists,
    TemplateNotFound,
    TemplateRefused,
)
from tidings.templates.models import TemplateVersion
from tidings.templates.schemas import (
    CreateTemplate,
    PreviewTemplate,
    RollBackTemplate,
    TemplateView,
    UpdateTemplate,
)

OPERATOR = a_person(Role.OPERATOR)
CODE = "spring_sale"


def saying(body: str) -> dict[str, Any]:
    return some_words(variants=[{"language": "en", "inbox": {"title": "Sale", "body": body}}])


def created(body: str = "One {{ who }}", code: str = CODE) -> TemplateView:
    new = CreateTemplate.model_validate(saying(body) | {"code": code})
    return operations.create_template(new, caller=OPERATOR)


def updated(
    body: str, version: int, code: str = CODE, caller: Principal | None = None
) -> TemplateView:
    change = UpdateTemplate.model_validate(saying(body) | {"version": version})
    return operations.update_template(code, change, caller=caller or a_person(Role.OPERATOR))


def rolled_back(version: int, to_version: int, code: str = CODE) -> TemplateView:
    wanted = RollBackTemplate(version=version, to_version=to_version)
    return operations.rollback_template(code, wanted, caller=OPERATOR)


def inbox(version: int, code: str = CODE, **variables: Any) -> str | None:
    variables = {"who": "Ada"} | variables
    made = rendering.render(code, version=version, language="en", variables=variables)
    return made.inbox_body


def a_page(**where: Any) -> PageRequest:
    return PageRequest.model_validate({"limit": 10} | where)


def test_each_change_is_a_version_and_earlier_ones_stay() -> None:
    operator = a_person(Role.OPERATOR)
    assert created().version == 1
    second = updated("Two {{ who }}", 1, caller=operator)
    assert (second.version, second.current_version, second.changed_by) == (2, 2, operator.user_id)
    assert [each.version for each in second.versions] == [2, 1]
    assert current.current_version(CODE) == 2
    assert inbox(1) == "One Ada"
    assert inbox(2) == "Two Ada"
    first = queries.get_template(CODE, version=1, caller=OPERATOR)
    assert (first.version, first.current_version) == (1, 2)
    assert first.variants[0].inbox is not None
    assert first.variants[0].inbox.body == "One {{ who }}"


def test_change_of_an_old_version_is_a_conflict_and_changes_nothing() -> None:
    created()
    updated("Two", 1)
    for version in (1, 3):
        with pytest.raises(StaleTemplate):
            updated("Three", version)
    assert queries.get_template(CODE, caller=OPERATOR).version == 2


def test_of_changes_at_once_one_wins() -> None:
    created()

    def change(number: int) -> str:
        try:
            return str(updated(f"Text {number}", 1).version)
        except TidingsError as error:
            return type(error).__name__

    outcomes = at_once([lambda n=n: change(n) for n in range(6)])  # type: ignore[misc]
    assert sorted(outcomes) == ["2", *["StaleTemplate"] * 5]
    assert TemplateVersion.objects(code=CODE).count() == 2


def test_change_without_effect_makes_no_version() -> None:
    created("One")
    assert updated("One", 1).version == 1
    assert TemplateVersion.objects.count() == 1


def test_rollback_is_a_new_version_with_the_old_texts() -> None:
    created()
    updated("Two {{ who }}", 1)
    third = rolled_back(2, 1)
    assert (third.version, third.restored_from) == (3, 1)
    assert inbox(3) == "One Ada"
    assert [each.restored_from for each in third.versions] == [1, None, None]
    with pytest.raises(StaleTemplate):
        rolled_back(2, 1)
    with pytest.raises(TemplateNotFound):
        rolled_back(3, 9)


def test_built_in_template_is_changed_and_rolled_back_to_its_first_version() -> None:
    before = queries.template_view("order_confirmed")
    assert (before.version, before.built_in, before.changed_by) == (1, True, None)
    second = updated("Ours {{ who }}", 1, code="order_confirmed")
    assert (second.version, second.built_in) == (2, True)
    assert inbox(2, code="order_confirmed") == "Ours Ada"
    third = rolled_back(2, 1, code="order_confirmed")
    assert third.variants == before.variants
    assert [each.version for each in third.versions] == [3, 2, 1]
    assert inbox(1, code="order_confirmed", order_id="17") == (
        "All pieces of order 17 are set aside for you."
    )


def test_code_is_unique() -> None:
    created()
    for code in (CODE, "order_confirmed"):
        with pytest.raises(TemplateExists):
            created(code=code)
    assert TemplateVersion.objects.count() == 1


def test_refused_template_is_not_stored() -> None:
    with pytest.raises(TemplateRefused):
        created("{{ unknown }}")
    created()
    with pytest.raises(TemplateRefused):
        updated("{{ ''.__class__ }}", 1)
    assert TemplateVersion.objects.count() == 1


@pytest.mark.parametrize("code", ["nothing", "../order_confirmed", "order_confirmed.toml", "\x00"])
def test_unknown_template_is_not_found(code: str) -> None:
    for ask in (
        lambda: queries.get_template(code, caller=OPERATOR),
        lambda: current.current_version(code),
        lambda: inbox(1, code=code),
        lambda: updated("Text", 1, code=code),
        lambda: rolled_back(1, 1, code=code),
        lambda: queries.sample_of(code, PreviewTemplate()),
    ):
        with pytest.raises(TemplateNotFound):
            ask()
    with pytest.raises(TemplateNotFound):
        inbox(2, code="order_confirmed")


def test_template_names_its_preference() -> None:
    assert created().category == "orders"
    assert current.category_of(CODE) == "orders"
    changed = UpdateTemplate.model_validate(
        saying("Two {{ who }}") | {"version": 1, "category": "account"}
    )
    operator = a_person(Role.OPERATOR)
    assert operations.update_template(CODE, changed, caller=operator).category == "account"
    assert current.category_of(CODE) == "account"
    everything = queries.get_templates(a_page(limit=100), caller=OPERATOR).items
    (listed,) = [each for each in everything if each.code == CODE]
    assert listed.category == "account"


def test_template_from_before_categories_has_the_default() -> None:
    created()
    document = TemplateVersion.objects.get(code=CODE)
    content = json.loads(document.content)
    del content["category"]
    TemplateVersion.objects(pk=document.pk).update_one(set__content=json.dumps(content))
    versions.content_of.cache_clear()
    assert current.category_of(CODE) == "orders"
    assert queries.get_template(CODE, caller=OPERATOR).category == "orders"


def test_built_in_template_keeps_its_category() -> None:
    operator = a_person(Role.OPERATOR)
    words = saying("Ours {{ who }}") | {"version": 1}
    for category in (None, "orders"):
        same = UpdateTemplate.model_validate(words | {"category": category})
        view = operations.update_template("order_confirmed", same, caller=operator)
        assert (view.version, view.category) == (2, "orders")
        words["version"] = 2
    other = UpdateTemplate.model_validate(words | {"category": "account"})
    with pytest.raises(TemplateRefused, match="must be orders") as refused:
        operations.update_template("order_confirmed", other, caller=operator)
    assert refused.value.field == "category"
    assert current.category_of("order_confirmed") == "orders"


def test_known_codes_are_the_built_in_ones_and_our_own() -> None:
    assert "digest" in versions.read_versions()
    created()
    assert CODE in versions.read_versions()


def test_list_is_sorted_by_code_and_continues_at_a_cursor() -> None:
    created()
    updated("Two", 1, code="digest")
    first = queries.get_templates(a_page(limit=12), caller=OPERATOR)
    rest = queries.get_templates(a_page(limit=12, after=first.cursors[-1]), caller=OPERATOR)
    found = [*first.items, *rest.items]
    assert (first.total, first.has_next, rest.has_next, rest.has_previous) == (
        len(builtin.codes()) + 1,
        True,
        False,
        True,
    )
    assert [each.code for each in found] == sorted(versions.read_versions())
    by_code = {each.code: each for each in found}
    assert (by_code["digest"].version, by_code["digest"].channels) == (2, ["inbox"])
    assert by_code["order_confirmed"].channels == ["email", "push", "inbox", "sms"]
    assert by_code["order_confirmed"].languages == ["en", "de"]
    assert queries.get_templates(a_page(limit=12, page=2), caller=OPERATOR).items == rest.items


def test_preview_uses_samples_and_given_variables() -> None:
    german = queries.sample_of(
        "order_status_changed",
        PreviewTemplate(language="de-AT", variables={"state": "paid", "name": "<b>"}),
    )
    assert (german.code, german.version, german.language) == ("order_status_changed", 1, "de")
    assert german.inbox_title == "Ihre Zahlung ist da"
    assert "&lt;b&gt;" in (german.email_html or "")
    created()
    with pytest.raises(MissingVariable):
        queries.sample_of(CODE, PreviewTemplate())
    given = PreviewTemplate(variables={"who": "Ada"})
    assert queries.sample_of(CODE, given).inbox_body == "One Ada"


def test_change_by_another_process_is_visible_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created()
    assert current.current_version(CODE) == 1
    with monkeypatch.context() as elsewhere:
        # Only what all environments share.
        elsewhere.setattr(versions, "forget_versions", versions.forget_shared_versions)
        updated("Two", 1)
    assert current.current_version(CODE) == 1
    monkeypatch.setattr(versions, "FRESH_SECONDS", -1.0)  # the seconds have passed
    assert current.current_version(CODE) == 2


def test_new_template_of_another_process_can_be_used_at_once(commands: list[str]) -> None:
    assert current.current_version("digest") == 1  # the list of versions is kept now
    kept = versions._known._read
    created()
    versions._known._read = kept
    commands.clear()
    assert current.current_version(CODE) == 1
    assert current.current_version(CODE) == 1
    assert commands == ["aggregate"]


def test_unknown_template_is_looked_up_each_time(commands: list[str]) -> None:
    for _ in range(2):
        commands.clear()
        with pytest.raises(TemplateNotFound):
            current.current_version("no_such_template")
        assert commands == ["aggregate"]


def test_five_hundred_messages_need_one_command(commands: list[str]) -> None:
    created()
    rendering.forget_kept()
    commands.clear()
    for number in range(500):
        version = current.current_version(CODE)
        assert inbox(version, who=str(number)) == f"One {number}"
    assert commands == ["aggregate"], "the content is in the cache since the check of the template"


@pytest.fixture
def operator_token(keys: SigningKeys) -> str:
    return token_of(a_person(Role.OPERATOR))


def rest(token: str, function: str, body: object = None, **path: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    event = api_event(body, headers=headers, pathParameters=path or None)
    response = importlib.import_module(f"templates.{function}").handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def test_rest_creates_changes_and_rolls_back(operator_token: str) -> None:
    body = saying("One {{ who }}") | {"sample_variables": {"who": "Ada"}}
    status, answer = rest(operator_token, "create_template", body | {"code": CODE})
    assert (status, answer["data"]["version"]) == (201, 1)
    status, answer = rest(
        operator_token,
        "update_template",
        body | {"version": 1, "description": "Shorter."},
        template_code=CODE,
    )
    assert (status, answer["data"]["version"]) == (200, 2)
    status, answer = rest(
        operator_token, "rollback_template", {"version": 1, "to_version": 1}, template_code=CODE
    )
    assert (status, answer["error"]["code"]) == (409, "CONFLICT")
    status, answer = rest(
        operator_token, "rollback_template", {"version": 2, "to_version": 1}, template_code=CODE
    )
    assert (status, answer["data"]["restored_from"]) == (200, 1)
    status, answer = rest(operator_token, "preview_template", template_code=CODE)
    assert (status, answer["data"]["inbox_body"]) == (200, "One Ada")
    status, answer = rest(operator_token, "get_template", template_code=CODE)
    assert [each["version"] for each in answer["data"]["versions"]] == [3, 2, 1]
    status, answer = rest(operator_token, "get_templates")
    assert (status, answer["meta"]["total"]) == (200, len(builtin.codes()) + 1)
    assert rest(operator_token, "get_template", template_code="Not-A-Code")[0] == 404


def test_refusal_names_part_and_line(operator_token: str) -> None:
    body = saying("One\n{{ whom }}") | {"code": CODE}
    status, answer = rest(operator_token, "create_template", body)
    assert status == 422
    assert answer["error"]["details"] == [
        {
            "field": "variants.0.inbox.body",
            "message": "en inbox.body, line 2: the variable whom is not declared.",
        }
    ]


@pytest.mark.parametrize(
    "variables",
    ['{"who": ' + "[" * 20 + "]" * 20 + "}", '{"who": "' + "x" * 200_000 + '"}'],
    ids=["deep", "long"],
)
def test_huge_variables_are_refused(operator_token: str, variables: str) -> None:
    created()
    event = api_event(
        f'{{"variables": {variables}}}',
        headers={"Authorization": f"Bearer {operator_token}"},
        pathParameters={"template_code": CODE},
    )
    module = importlib.import_module("templates.preview_template")
    assert module.handler(event, CONTEXT)["statusCode"] == 422


def test_graphql_has_the_same_data(operator_token: str) -> None:
    words = {
        "code": CODE,
        "requiredVariables": ["who"],
        "sampleVariables": {"who": "Ada"},
        "variants": [{"language": "en", "inbox": {"title": "Sale", "body": "One {{ who }}"}}],
    }
    create = "mutation($i: CreateTemplateInput!) { createTemplate(input: $i) { code version } }"
    answer = graphql(create, token=operator_token, i=words)
    assert answer.content == {"data": {"createTemplate": {"code": CODE, "version": 1}}}
    again = graphql(create, token=operator_token, i=words).content["errors"][0]["extensions"]
    assert again == {"code": "CONFLICT", "field": "code"}
    read = (
        "query($c: String!) { getTemplate(code: $c) { version currentVersion builtIn"
        " sampleVariables variants { language email { subject } inbox { body } }"
        " versions { version changedAt } } previewTemplate(code: $c) { inboxBody emailHtml } }"
    )
    data = graphql(read, token=operator_token, c=CODE).content["data"]
    assert data["getTemplate"]["sampleVariables"] == {"who": "Ada"}
    assert data["getTemplate"]["variants"] == [
        {"language": "en", "email": None, "inbox": {"body": "One {{ who }}"}}
    ]
    assert data["previewTemplate"] == {"inboxBody": "One Ada", "emailHtml": None}
