import pytest

from tidings_local.front_door.matching import PathTree


def a_tree(*resources: str) -> PathTree[str]:
    """Return resources from lines such as `GET /orders`; each value is the line itself."""
    tree: PathTree[str] = PathTree()
    for resource in resources:
        method, path = resource.split()
        tree.add(path, {method: resource})
    return tree


@pytest.mark.parametrize(
    ("path", "found", "parameters"),
    [
        ("/orders", "GET /orders", {}),
        ("/orders/", "GET /orders", {}),
        ("/orders///", "GET /orders", {}),
        ("/orders/7", "GET /orders/{id}", {"id": "7"}),
        ("/orders/7/", "GET /orders/{id}", {"id": "7"}),
        ("/orders/latest", "GET /orders/latest", {}),
        ("/orders/a%2Fb", "GET /orders/{id}", {"id": "a%2Fb"}),
        ("/orders/l%61test", "GET /orders/{id}", {"id": "l%61test"}),
        ("/orders/7/items", "GET /orders/{proxy+}", {"proxy": "7/items"}),
        ("/orders//items", "GET /orders/{proxy+}", {"proxy": "/items"}),
        ("/orders/latest/x", "GET /orders/{proxy+}", {"proxy": "latest/x"}),
        ("/orders/7/notes/8", "GET /orders/{id}/notes/{note}", {"id": "7", "note": "8"}),
        ("/orders/latest/notes/8", "GET /orders/{id}/notes/{note}", {"id": "latest", "note": "8"}),
    ],
)
def test_the_most_exact_resource_wins(path: str, found: str, parameters: dict[str, str]) -> None:
    tree = a_tree(
        "GET /orders/{proxy+}",
        "GET /orders/{id}",
        "GET /orders/{id}/notes/{note}",
        "GET /orders",
        "GET /orders/latest",
    )
    assert tree.find(path, "GET") == (found, parameters)


def test_the_order_of_resources_does_not_matter() -> None:
    tree = a_tree("GET /a", "GET /{x}", "GET /{proxy+}")
    assert tree.find("/a", "GET") == ("GET /a", {})
    assert tree.find("/b", "GET") == ("GET /{x}", {"x": "b"})
    assert tree.find("/b/c", "GET") == ("GET /{proxy+}", {"proxy": "b/c"})


@pytest.mark.parametrize("path", ["", "/", "//"])
def test_the_root(path: str) -> None:
    assert a_tree("GET /", "GET /{proxy+}").find(path, "GET") == ("GET /", {})
    assert a_tree("GET /{proxy+}").find(path, "GET") is None


@pytest.mark.parametrize("path", ["/order", "/orders/7/8", "/Orders", "/", "", "/orders//7"])
def test_no_resource_matches(path: str) -> None:
    assert a_tree("GET /orders", "GET /orders/{id}").find(path, "GET") is None


def test_greedy_takes_one_segment_at_least() -> None:
    tree = a_tree("GET /a/{proxy+}")
    assert tree.find("/a", "GET") is None
    assert tree.find("/a/", "GET") is None
    assert tree.find("/a/b/", "GET") == ("GET /a/{proxy+}", {"proxy": "b"})


def test_own_method_before_any() -> None:
    tree = a_tree("ANY /a", "GET /a")
    assert tree.find("/a", "GET") == ("GET /a", {})
    assert tree.find("/a", "POST") == ("ANY /a", {})


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "PROPFIND"])
def test_any_is_seven_methods(method: str) -> None:
    assert a_tree("ANY /a").find("/a", method) is None


def test_head_is_not_get() -> None:
    assert a_tree("GET /a").find("/a", "HEAD") is None


def test_a_resource_without_the_method_hides_no_other() -> None:
    tree = a_tree("GET /a/b", "POST /a/{x}", "PUT /{proxy+}")
    assert tree.find("/a/b", "POST") == ("POST /a/{x}", {"x": "b"})
    assert tree.find("/a/b", "PUT") == ("PUT /{proxy+}", {"proxy": "a/b"})


def test_parameters_of_a_rejected_branch_are_dropped() -> None:
    tree = a_tree("GET /{x}/b", "GET /{proxy+}")
    assert tree.find("/a/c", "GET") == ("GET /{proxy+}", {"proxy": "a/c"})
