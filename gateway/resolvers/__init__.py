"""Resolvers by domain: each turns arguments into one domain operation."""

from collections.abc import Callable
from typing import Any, Final

from resolvers import notifications, orders, products, tasks, users

Resolver = Callable[..., Any]

# Field of Query or Mutation -> resolver. A test compares it with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = {
    "me": users.me,
    "getProducts": products.get_products,
    "getOrder": orders.get_order,
    "getTask": tasks.get_task,
    "getTasks": tasks.get_tasks,
    "getUserNotifications": notifications.get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": users.register_user,
    "login": users.login,
    "createProduct": products.create_product,
    "placeOrder": orders.place_order,
    "createTask": tasks.create_task,
    "updateTask": tasks.update_task,
    "deleteTask": tasks.delete_task,
    "markNotificationRead": notifications.mark_notification_read,
}
