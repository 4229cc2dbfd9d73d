"""Resolvers by domain: each turns arguments into one domain operation."""

from collections.abc import Callable
from typing import Any, Final

from resolvers import notifications, orders, products, users

Resolver = Callable[..., Any]

# Field of Query or Mutation -> resolver. A test compares it with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = {
    "me": users.me,
    "getProducts": products.get_products,
    "getOrder": orders.get_order,
    "getOrders": orders.get_orders,
    "getUserNotifications": notifications.get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": users.register_user,
    "login": users.login,
    "createProduct": products.create_product,
    "placeOrder": orders.place_order,
    "cancelOrder": orders.cancel_order,
    "updateOrderStatus": orders.update_order_status,
    "markNotificationRead": notifications.mark_notification_read,
}
