"""GET /api/v1/users: the accounts, for operators."""

from tidings.platform.entry.rest import rest
from tidings.users.queries import get_users
from tidings.users.schemas import UserQuery

handler = rest(get_users, query=UserQuery)
