"""Operators change the texts of notifications."""

from uuid import uuid4

from tests.e2e.shop import Shop

CREATE = "mutation($i: CreateTemplateInput!) { createTemplate(input: $i) { version } }"
PREVIEW = """query($c: String!, $i: PreviewTemplateInput) {
  previewTemplate(code: $c, input: $i) { version language emailSubject emailHtml emailText }
}"""


def words(body: str) -> dict[str, object]:
    return {"variants": [{"language": "en", "inbox": {"title": "Sale", "body": body}}]}


def test_template_is_created_changed_and_rolled_back(admin: Shop, customer: Shop) -> None:
    code = f"sale_{uuid4().hex}"
    assert "errors" in customer.try_graphql(CREATE, i=words("One") | {"code": code})
    assert admin.graphql(CREATE, i=words("One") | {"code": code})["createTemplate"] == {
        "version": 1
    }
    change = words("Two") | {"version": 1}
    assert admin.rest("PUT", f"/templates/{code}", change).json()["data"]["version"] == 2
    assert (
        admin.rest("PUT", f"/templates/{code}", words("Three") | {"version": 1}).status_code == 409
    )
    broken = admin.rest("PUT", f"/templates/{code}", words("{{ ''.__class__ }}") | {"version": 2})
    assert broken.status_code == 422
    assert "line 1" in broken.json()["error"]["message"]
    back = admin.rest("POST", f"/templates/{code}/rollback", {"version": 2, "to_version": 1})
    assert back.json()["data"]["version"] == 3
    preview = admin.rest("POST", f"/templates/{code}/preview", {})
    assert preview.json()["data"]["inbox_body"] == "One"


def test_built_in_mail_is_previewed_in_the_readers_language(admin: Shop) -> None:
    told = {"language": "de-AT", "variables": {"name": "<script>", "state": "paid"}}
    made = admin.graphql(PREVIEW, c="order_status_changed", i=told)["previewTemplate"]
    assert made["language"] == "de"
    assert made["emailSubject"] == "Ihre Zahlung ist da"
    assert "<script>" not in made["emailHtml"]
    assert "Hallo <script>," in made["emailText"]
