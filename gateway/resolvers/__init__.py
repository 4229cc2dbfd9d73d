"""Resolvers by domain: each turns arguments into one domain operation."""

from collections.abc import Callable
from typing import Any, Final

from resolvers import notifications, orders, products, users

Resolver = Callable[..., Any]

# Field of Query or Mutation -> resolver. A test compares it with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = {
    "me": users.me,
    "getUser": users.get_user,
    "getProducts": products.get_products,
    "getOrder": orders.get_order,
    "getUserNotifications": notifications.get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": users.register_user,
    "login": users.login,
    "createProduct": products.create_product,
    "placeOrder": orders.place_order,
    "markNotificationRead": notifications.mark_notification_read,
}
# Type -> field -> resolver, where a field is not an attribute of what the domain returned.
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "User": {"orders": users.orders},
    "Order": {"customer": orders.customer},
    "OrderItem": {"product": orders.product},
}
