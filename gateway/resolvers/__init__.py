"""Resolvers by domain: each turns arguments into one domain operation."""

from collections.abc import Callable
from typing import Any, Final

from resolvers import notifications, orders, products, tasks, users

Resolver = Callable[..., Any]

# Field of Query or Mutation -> resolver. A test compares it with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = {
    "me": users.me,
    "getUser": users.get_user,
    "getUsers": users.get_users,
    "getPushTokens": users.get_push_tokens,
    "getProduct": products.get_product,
    "getProducts": products.get_products,
    "getStockHistory": products.get_stock_history,
    "getOrder": orders.get_order,
    "getOrders": orders.get_orders,
    "getTask": tasks.get_task,
    "getTasks": tasks.get_tasks,
    "getUserNotifications": notifications.get_user_notifications,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": users.register_user,
    "verifyEmail": users.verify_email,
    "login": users.login,
    "refreshSession": users.refresh_session,
    "logout": users.logout,
    "requestPasswordReset": users.request_password_reset,
    "resetPassword": users.reset_password,
    "updateProfile": users.update_profile,
    "updateUserPreferences": users.update_user_preferences,
    "setUserRole": users.set_user_role,
    "deleteAccount": users.delete_account,
    "registerPushToken": users.register_push_token,
    "removePushToken": users.remove_push_token,
    "createProduct": products.create_product,
    "updateProduct": products.update_product,
    "adjustStock": products.adjust_stock,
    "placeOrder": orders.place_order,
    "cancelOrder": orders.cancel_order,
    "updateOrderStatus": orders.update_order_status,
    "createTask": tasks.create_task,
    "updateTask": tasks.update_task,
    "deleteTask": tasks.delete_task,
    "markNotificationRead": notifications.mark_notification_read,
}
# Type -> field -> resolver, where a field is not an attribute of what the domain returned.
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "User": {"orders": users.orders},
    "Order": {"customer": orders.customer},
    "OrderItem": {"product": orders.product},
}
