"""Tools can read the schema unless introspection is switched off."""

import pytest
from graphql import get_introspection_query

from tests.unit.gateway.builders import send
from tidings.platform import settings

SETTINGS = settings.Settings.model_validate({})


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    secretive = SETTINGS.model_copy(update={"introspection": False, "graphiql": False})
    for module in ("execution", "app"):
        monkeypatch.setattr(f"{module}.settings", lambda: secretive)


def test_tools_get_the_whole_schema() -> None:
    answer = send(body={"query": get_introspection_query(input_value_deprecation=True)})
    assert "errors" not in answer.content
    assert answer.content["data"]["__schema"]["types"]


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize(
    "query", ["{__schema{types{name}}}", '{__type(name:"User"){name}}', get_introspection_query()]
)
def test_schema_is_refused_where_introspection_is_off(query: str) -> None:
    answer = send(body={"query": query})
    assert "data" not in answer.content
    assert answer.code == "BAD_USER_INPUT"


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize(
    "query",
    [
        "{getProductz}",
        "{getProducts{nodez}}",
        "{getProducts(frist:1){totalCount}}",
        '{getProducts(sort:"newst"){totalCount}}',
        "{getProducts(sort:NEWST){totalCount}}",
        "{__typename ...Prodct}",
        "query($a: Prodct){__typename}",
        "{__typename @incluse(if: true)}",
        'mutation{login(input:{emial:"a"}){accessToken}}',
    ],
)
def test_errors_suggest_no_names_where_introspection_is_off(query: str) -> None:
    assert "Did you mean" not in send(body={"query": query}).text


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize("value", [{"emial": "a"}, {"email": "a", "pasword": "b"}, []])
def test_errors_about_variables_suggest_no_names_either(value: object) -> None:
    query = "mutation($i: LoginInput!){login(input:$i){accessToken}}"
    text = send(body={"query": query, "variables": {"i": value}}).text
    assert "Did you mean" not in text
    assert "errors" in text


def test_introspection_is_off_by_default() -> None:
    assert (SETTINGS.introspection, SETTINGS.graphiql, SETTINGS.open_metrics) == (False,) * 3


@pytest.mark.usefixtures("untold")
def test_typename_is_always_served() -> None:
    assert send(body={"query": "{__typename}"}).content == {"data": {"__typename": "Query"}}


@pytest.mark.usefixtures("untold")
def test_browser_gets_no_page_where_graphiql_is_off() -> None:
    assert send("GET", headers={"accept": "text/html"}).status == 406
