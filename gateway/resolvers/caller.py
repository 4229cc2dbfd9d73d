"""Who calls, as resolvers see it."""

from dataclasses import dataclass
from functools import cached_property

from graphql import GraphQLResolveInfo

from resolvers.loaders import Loaders
from tidings.platform.auth import Principal, signed_in


@dataclass(frozen=True)
class GatewayContext:
    """What one request carries to its resolvers."""

    principal: Principal | None

    @cached_property
    def loaders(self) -> Loaders:
        """This request's own: what one caller loads never reaches another."""
        return Loaders(self.principal)


Info = GraphQLResolveInfo[GatewayContext]


def caller(info: Info) -> Principal:
    """Return the signed-in caller.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    return signed_in(info.context.principal)
