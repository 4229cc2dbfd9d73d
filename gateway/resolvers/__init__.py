"""Resolvers by domain: each turns arguments into one domain operation."""

from collections.abc import Callable
from typing import Any, Final

from resolvers import notifications, orders, products, users

Resolver = Callable[..., Any]

# Field of Query or Mutation -> resolver. A test compares it with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = {
    "me": users.me,
    "getProduct": products.get_product,
    "getProducts": products.get_products,
    "getStockHistory": products.get_stock_history,
    "getOrder": orders.get_order,
    "getUserNotifications": notifications.get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": users.register_user,
    "login": users.login,
    "createProduct": products.create_product,
    "updateProduct": products.update_product,
    "adjustStock": products.adjust_stock,
    "placeOrder": orders.place_order,
    "markNotificationRead": notifications.mark_notification_read,
}
