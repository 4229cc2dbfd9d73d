from dataclasses import replace
from pathlib import Path

import pytest

from tidings_local.lambda_host import Function, FunctionKey
from tidings_local.runner.dev.layers import lay_others, lay_over
from tidings_local.runner.dev.overlay import LEASE_SECONDS, Overlay, Sources

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


class Tree:
    """A working tree with two domains and a layer, and its deployment."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.loaded = True
        self.retired: list[FunctionKey] = []
        self.prepared: list[Function] = []
        self.users, self.orders = folder / "functions/users", folder / "functions/orders"
        self.layer = folder / "layers/tidings"
        opt = folder / "deployed/opt"
        for path in (self.users, self.orders, self.layer / "tidings", opt / "python/tidings"):
            path.mkdir(parents=True)
        (opt / "python/pydantic").mkdir()
        (opt / "bin").mkdir()
        (self.layer / "tidings/new.py").touch()
        self.login = self._function("tidings-login", opt)
        self.place = self._function("tidings-place-order", opt)
        self.foreign = self._function("foreign", opt)
        self.sources = Sources(
            {"tidings-login": self.users, "tidings-place-order": self.orders},
            (self.layer,),
            preload=("pydantic.json_schema",),
        )
        self.overlay = Overlay(
            folder / "dev",
            deployed=lambda: (self.login, self.place, self.foreign),
            prepare=self.prepared.append,
            is_prepared=lambda _: self.loaded,
            retire=self.retired.append,
            clock=lambda: self.now,
        )

    @staticmethod
    def _function(name: str, opt: Path) -> Function:
        return Function(
            name=name,
            version="$LATEST",
            arn=f"{ARN}{name}:$LATEST",
            revision="r1",
            handler="x.handler",
            code_dir=opt.parent / "code",
            opt_dir=opt,
        )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_without_make_dev_the_deployed_code_runs(tree: Tree) -> None:
    assert tree.overlay.of(tree.login) is tree.login


def test_calls_run_the_working_tree(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    laid = tree.overlay.of(tree.login)
    assert laid.code_dir == tree.users
    assert laid.opt_dir
    assert (laid.opt_dir / "python/tidings/new.py").exists()
    assert (laid.opt_dir / "python/pydantic").exists()
    assert (laid.opt_dir / "bin").exists()


def test_environments_of_the_deployed_code_end(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    tree.overlay.of(tree.login)
    assert tree.retired == [tree.login.key]


def test_functions_missing_in_the_tree_run_as_deployed(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    assert tree.overlay.of(tree.foreign) is tree.foreign


def test_published_version_is_not_replaced(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    published = replace(tree.login, version="3", arn=f"{ARN}tidings-login:3")
    assert tree.overlay.of(published) is published


def test_changed_folder_is_a_new_revision_of_its_functions_only(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    before = [tree.overlay.of(each) for each in (tree.login, tree.place)]
    tree.retired.clear()
    tree.overlay.lay(tree.sources, {tree.users})
    after = [tree.overlay.of(each) for each in (tree.login, tree.place)]
    assert after[0].key != before[0].key
    assert after[1] == before[1]
    assert after[0].opt_dir == before[0].opt_dir  # the layers' template is used again
    assert before[0].key in tree.retired
    assert before[1].key not in tree.retired


def test_changed_layer_is_a_new_revision_of_all_functions_with_it(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    before = tree.overlay.of(tree.login)
    tree.prepared.clear()
    tree.overlay.lay(tree.sources, {tree.layer})
    after = tree.overlay.of(tree.login)
    assert after.key != before.key
    assert after.opt_dir != before.opt_dir  # so that no call runs in a template with old modules
    assert [each.opt_dir for each in tree.prepared][1:] == [after.opt_dir]  # before a call


def test_unchanged_sources_sent_again_end_nothing(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    before = tree.overlay.of(tree.login)
    tree.retired.clear()
    tree.overlay.lay(tree.sources)
    assert tree.overlay.of(tree.login) == before
    assert tree.retired == []


def test_deployment_during_a_session_is_used(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    before = tree.overlay.of(tree.login)
    tree.login = replace(tree.login, revision="r2", timeout_seconds=9)
    after = tree.overlay.of(tree.login)
    assert (after.timeout_seconds, after.code_dir) == (9, tree.users)
    assert before.key in tree.retired
    assert after.key != before.key


def test_ended_session_leaves_nothing_of_the_working_tree(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    laid = tree.overlay.of(tree.login)
    tree.overlay.lift()
    assert tree.overlay.of(tree.login) is tree.login
    assert laid.key in tree.retired


def test_new_session_never_uses_an_earlier_revision(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    before = tree.overlay.of(tree.login)
    tree.overlay.lift()
    tree.overlay.lay(tree.sources)
    after = tree.overlay.of(tree.login)
    assert after.key != before.key
    assert after.opt_dir != before.opt_dir


def test_killed_make_dev_loses_its_session(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    laid = tree.overlay.of(tree.login)
    tree.now = LEASE_SECONDS - 1
    tree.overlay.renew()
    tree.now = 2 * LEASE_SECONDS - 2
    assert tree.overlay.is_laid
    tree.now = 2 * LEASE_SECONDS
    assert tree.overlay.of(tree.login) is tree.login
    assert laid.key in tree.retired


def test_call_before_a_layer_is_loaded_imports_it(tree: Tree) -> None:
    tree.overlay.lay(tree.sources)
    loaded, tree.loaded = tree.overlay.of(tree.login), False
    early = tree.overlay.of(tree.login)
    assert early.key == loaded.key  # the same environments serve both calls
    assert early.variables["PYTHONPATH"] == str(tree.layer)
    assert early.opt_dir
    python = early.opt_dir / "python"
    assert (python / "pydantic").exists()
    assert not (python / "tidings").exists()
    assert "pydantic.json_schema" in (python / "preload.list").read_text()


def test_loaded_third_party_modules_stay_when_a_layer_changes(tree: Tree) -> None:
    tree.loaded = False
    tree.overlay.lay(tree.sources)
    before = tree.overlay.of(tree.login).opt_dir
    tree.overlay.lay(tree.sources, {tree.layer})
    assert tree.overlay.of(tree.login).opt_dir == before


def test_a_functions_own_path_stays(tree: Tree) -> None:
    tree.loaded = False
    tree.login = replace(tree.login, variables={"PYTHONPATH": "/own", "A": "b"})
    tree.overlay.lay(tree.sources)
    variables = tree.overlay.of(tree.login).variables
    assert variables == {"PYTHONPATH": f"{tree.layer}:/own", "A": "b"}


def test_modules_of_the_layers_themselves_are_not_preloaded(tmp_path: Path) -> None:
    deployed, layer = tmp_path / "deployed", tmp_path / "layer"
    for folder in (deployed / "python/tidings", layer / "tidings"):
        folder.mkdir(parents=True)
    (layer / "preload.list").write_text("# what to load\ngraphql\ntidings.*\n")
    lay_others(deployed, [layer], ["redis"], tmp_path / "others")
    listed = (tmp_path / "others/python/preload.list").read_text().split("\n")
    assert [line for line in listed if line and line[0] != "#"] == ["graphql", "redis"]
    assert "tidings.*" in (layer / "preload.list").read_text()


def test_package_of_a_later_layer_hides_an_earlier_one(tmp_path: Path) -> None:
    for name in ("deployed", "one", "two"):
        (tmp_path / name / "package").mkdir(parents=True)
        (tmp_path / name / "package" / name).touch()
    (tmp_path / "python").mkdir()
    lay_over(tmp_path / "none", (tmp_path / "one", tmp_path / "two"), tmp_path / "opt")
    assert [path.name for path in (tmp_path / "opt/python/package").iterdir()] == ["two"]
