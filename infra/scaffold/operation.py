"""`make new-operation`: an operation with REST, GraphQL, its samples and a failing test."""

import re
from dataclasses import dataclass
from typing import Final, get_args

from infra.scaffold import python_source
from infra.scaffold.changes import Changes, Refused
from infra.scaffold.project import (
    LAYER,
    add_function,
    camel,
    domain_named,
    lower_camel,
    new_name,
    words,
)
from infra.scaffold.routes import parameters, route_for
from infra.scaffold.schema import Field, add_field, first_scalar_of, has_type
from tidings.platform.security.auth import PersonRole, Role

ROLES: Final = ("public", *get_args(PersonRole))
SAMPLES: Final = "tests/integration/gateway/operations.py"
EXAMPLES: Final = "infra/contracts/examples.py"
DECLARED: Final = "gateway/resolvers/declared.py"
# The input of a new operation, until its fields are written.
TEXT: Final = "Write a real example."


@dataclass(frozen=True)
class NewOperation:
    """The names that the generator uses in all files."""

    domain: str
    name: str
    role: Role | None
    route: str
    returns: str
    reads: bool

    @property
    def places(self) -> list[str]:
        return parameters(self.route)

    @property
    def model(self) -> str:
        """The name of the input model; empty if the operation has no input."""
        without = self.reads or self.route.startswith("DELETE ")
        return "" if without else camel(self.name)

    @property
    def whose(self) -> bool:
        """Whether the operation declares whose data it uses: customers have their own."""
        return self.role is Role.CUSTOMER and bool(self.places)

    @property
    def module(self) -> str:
        return "queries" if self.reads else "operations"

    @property
    def graphql_type(self) -> str:
        return self.returns.removesuffix("View")


def plan_operation(
    changes: Changes,
    *,
    domain: str,
    name: str,
    role: str,
    route: str = "",
    returns: str = "",
    reads: bool = False,
) -> list[str]:
    """Plan the files of an operation; return the remaining manual steps.

    Raises:
        Refused: an argument is not usable, or a name is taken.
    """
    domain, name = domain_named(changes, domain), new_name(changes, name)
    if role not in ROLES:
        raise Refused(f"ROLE={role} does not exist: choose one of {', '.join(ROLES)}")
    reads = reads or name.startswith("get_")
    new = NewOperation(
        domain=domain,
        name=name,
        role=None if role == "public" else Role(role),
        route=route_for(changes, domain, name, route, reads=reads),
        returns=_result(changes, domain, returns),
        reads=reads,
    )
    _add_domain_function(changes, new)
    if new.model:
        _add_input(changes, new)
    changes.create(f"functions/{domain}/{name}.py", _function_file(new))
    add_function(changes, domain, "Api", lambda rights: _template_entry(new, rights))
    _add_samples(changes, new)
    changes.create(f"tests/integration/{domain}/test_{name}.py", _test_file(new))
    return _left_to_do(new)


def _result(changes: Changes, domain: str, given: str) -> str:
    """Return the name of the model that the operation returns."""
    path = f"{LAYER}/{domain}/schemas.py"
    models = re.findall(r"^class (\w+)\(", changes.read(path), re.MULTILINE)
    usual = f"{domain.removesuffix('s').title()}View"
    returns = given or (usual if usual in models else "")
    if not returns:
        raise Refused(f"RETURNS is missing: name a model of {path}, for instance {models[-1]}")
    if returns not in models:
        raise Refused(f"RETURNS={returns} is not in {path}: write that model first")
    if not has_type(changes, returns.removesuffix("View")):
        type_name = returns.removesuffix("View")
        raise Refused(
            f"RETURNS={returns}: gateway/schema.graphql has no type {type_name}: add it first"
        )
    return returns


def _add_domain_function(changes: Changes, new: NewOperation) -> None:
    path = f"{LAYER}/{new.domain}/{new.module}.py"
    title = "Queries" if new.reads else "Operations"
    if not changes.exists(path):
        changes.create(path, f'"""{title} of {new.domain}."""\n')
        declared = changes.read(DECLARED)
        changes.edit(
            DECLARED,
            python_source.with_imports(declared, f"import tidings.{new.domain}.{new.module}"),
        )
    source = changes.read(path)
    if new.name in python_source.names_in(source):
        raise Refused(f"NAME={new.name} exists already: {path}")
    schemas = f"from tidings.{new.domain}.schemas import"
    source = python_source.with_operation(source, _domain_function(new))
    declares = ["operation", *(["PUBLIC"] if new.role is None else [])]
    declares += ["Whose"] if new.whose else []
    imports = [
        f"from tidings.platform.operation import {', '.join(declares)}",
        f"{schemas} {new.returns}",
    ]
    if new.model:
        imports.append(f"{schemas} {new.model}")
    if new.role is not None:
        imports.append("from tidings.platform.security.auth import Principal, Role")
    changes.edit(path, python_source.with_imports(source, *imports))


def _domain_function(new: NewOperation) -> str:
    role = "PUBLIC" if new.role is None else f"Role.{new.role.name}"
    arguments = [f"{place}: str" for place in new.places]
    arguments += [f"wanted: {new.model}"] if new.model else []
    arguments += [] if new.role is None else ["*", "caller: Principal"]
    declared = [f"role={role}", *(["whose=Whose.OWN_OR_OPERATOR"] if new.whose else [])]
    declared += ["writes=False"] if new.reads else []
    return f'''@operation({", ".join(declared)})
def {new.name}({", ".join(arguments)}) -> {new.returns}:
    """{words(new.name).capitalize()}."""
    raise NotImplementedError("write what {new.name} does")
'''


def _add_input(changes: Changes, new: NewOperation) -> None:
    path = f"{LAYER}/{new.domain}/schemas.py"
    source = changes.read(path)
    if new.model in python_source.names_in(source):
        raise Refused(f"NAME={new.name}: {path} has a class {new.model} already")
    imports = (
        "from typing import Annotated",
        "from pydantic import ConfigDict",
        "from tidings.platform.schema import Schema",
        "from tidings.platform.text.visible_text import VisibleText",
    )
    model = f'''

class {new.model}(Schema):
    """The input of `{new.name}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, VisibleText(max_length=500)]
'''
    siblings = python_source.names_in(source)
    changes.edit(path, python_source.with_imports(source, *imports) + model)
    example = f'    "{new.model}": {{"text": "{TEXT}"}},'
    examples = python_source.with_entry(changes.read(EXAMPLES), "EXAMPLES", example, siblings)
    changes.edit(EXAMPLES, examples)


def _function_file(new: NewOperation) -> str:
    status = ", status=201" if new.name.startswith("create_") else ""
    return f'''"""{new.route}: {words(new.name)}."""

from tidings.{new.domain}.{new.module} import {new.name}
from tidings.platform.entry.rest import rest

handler = rest({new.name}{status})
'''


def _template_entry(new: NewOperation, rights: str) -> str:
    method, _, path = new.route.partition(" ")
    path = f'"{path}"' if "{" in path else path
    return f"""{camel(new.name)}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-{new.name.replace("_", "-")}
      CodeUri: functions/{new.domain}/
      Handler: {new.name}.handler
{rights}      Events:
        Api:
          Type: Api
          Properties: {{RestApiId: !Ref Api, Path: {path}, Method: {method}}}
"""


def _add_samples(changes: Changes, new: NewOperation) -> None:
    """Add the field to the schema, and a call of it to the samples of the tests."""
    arguments = [(_argument(new, place), "ID!") for place in new.places]
    arguments += [("input", f"{new.model}Input!")] if new.model else []
    field = Field(
        root="Query" if new.reads else "Mutation",
        name=lower_camel(new.name),
        arguments=arguments,
        returns=new.graphql_type,
        description=f"{words(new.name).capitalize()}.",
    )
    siblings = add_field(changes, field, new.domain, f"{new.model}Input" if new.model else "")
    samples = changes.read(SAMPLES)
    values = {_argument(new, place): _in_world(samples, place) for place in new.places}
    given = ", ".join(f'"{key}": {value}' for key, value in values.items())
    if new.model:
        given = ", ".join(filter(None, [given, f'"input": example_of("{new.model}")']))
    selected = first_scalar_of(changes, new.graphql_type)
    head, call = field.document(selected)
    entry = f'''    "{field.root}.{field.name}": Sample(
        "{head}"
        " {call}",
        lambda {"world" if "world." in given else "_"}: {{{given}}},
    ),'''
    changes.edit(SAMPLES, python_source.with_entry(samples, "OPERATIONS", entry, siblings))


def _argument(new: NewOperation, place: str) -> str:
    return "id" if len(new.places) == 1 and place != "user_id" else lower_camel(place)


def _in_world(samples: str, place: str) -> str:
    """Return the attribute of the tests' world for the parameter of a path."""
    known = ["customer_id", *re.findall(r"^    (\w+): str$", samples, re.MULTILINE)]
    wanted = "customer_id" if place == "user_id" else place
    for name in sorted(known, key=len):
        if name == wanted or name.endswith(f"_{wanted}"):
            return f"world.{name}"
    return '"0" * 24'


def _test_file(new: NewOperation) -> str:
    arguments = ["new_id()" for _ in new.places]
    arguments += [f'{new.model}(text="{TEXT}")'] if new.model else []
    role = new.role
    arguments += [] if role is None else [f"caller=a_person(Role.{role.name})"]
    imports = [f"from tidings.{new.domain}.{new.module} import {new.name}"]
    if new.model:
        imports.append(f"from tidings.{new.domain}.schemas import {new.model}")
    if role is not None:
        imports.append("from tests.integration.builders import a_person")
        imports.append("from tidings.platform.security.auth import Role")
    if new.places:
        imports.append("from tidings.platform.timing.clock import new_id")
    lines = "\n".join(imports)
    return f'''"""{words(new.name).capitalize()}."""

import pytest

{lines}


def test_{new.name}() -> None:
    result = {new.name}({", ".join(arguments)})
    pytest.fail(f"write what {new.name} returns and changes, not only {{result}}")
'''


def _left_to_do(new: NewOperation) -> list[str]:
    layer = f"{LAYER}/{new.domain}"
    steps = [f"{layer}/{new.module}.py: write {new.name}, and what @operation declares of it"]
    if new.model:
        steps += [
            f"{layer}/schemas.py: the fields of {new.model}",
            f"gateway/schema.graphql: the same fields in {new.model}Input",
            f"{EXAMPLES}: a real input; the matrix of rights sends it, too",
        ]
    steps.append(f"tests/integration/{new.domain}/test_{new.name}.py: its tests")
    if new.role is None:
        permissions = "tests/contract/test_permissions.py"
        steps.append(f"{permissions}: add it to PUBLIC_ROUTES and PUBLIC_FIELDS")
    return [*steps, "CHANGELOG.md: a line, if users notice it"]
