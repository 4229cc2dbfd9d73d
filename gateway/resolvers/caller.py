"""Who calls, as resolvers see it."""

from dataclasses import dataclass

from graphql import GraphQLResolveInfo

from tidings.platform.auth import Principal, Role, require


@dataclass(frozen=True)
class GatewayContext:
    """What one request carries to its resolvers."""

    principal: Principal | None


Info = GraphQLResolveInfo[GatewayContext]


def caller(info: Info) -> Principal:
    """Return the signed-in caller.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    return require(info.context.principal, Role.CUSTOMER)
