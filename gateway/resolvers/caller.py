"""The caller of a request, for resolvers."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from graphql import GraphQLResolveInfo
from pydantic import BaseModel

from resolvers.loaders import Loaders
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.parsing import parsed
from tidings.platform.security.auth import Principal, signed_in

if TYPE_CHECKING:
    from tidings.monitoring.health import ServiceHealthReport


@dataclass(frozen=True)
class GatewayContext:
    """The data that one request passes to its resolvers."""

    principal: Principal | None

    @cached_property
    def loaders(self) -> Loaders:
        """The loaders of this request; they are never shared between callers."""
        return Loaders(self.principal)

    @cached_property
    def health(self) -> "ServiceHealthReport":
        """The health report, computed once per request.

        It opens connections, and anyone may ask for it 50 times in one request.
        """
        from tidings.monitoring.health import ServiceHealthReport, check_services

        return ServiceHealthReport.of(check_services())


Info = GraphQLResolveInfo[GatewayContext]


def caller(info: Info) -> Principal:
    """Return the signed-in caller.

    Raises:
        Unauthenticated: the request has no access token.
    """
    return signed_in(info.context.principal)


class _Person(BaseModel):
    """The optional argument that names a person."""

    user_id: DocumentId | None


def person(info: Info, user_id: str | None) -> str:
    """Return the user that an operation is about; by default the caller.

    Raises:
        Unauthenticated: the request has no access token.
        InvalidFields: the argument is not an id.
    """
    named = parsed(_Person, {"user_id": user_id}).user_id
    return caller(info).user_id if named is None else named
