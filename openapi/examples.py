"""One good example of each body, by the name of its model. A test checks that they validate."""

from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = {
    "RegisterUser": {
        "email": "ada@example.com",
        "password": "correct horse battery",
        "name": "Ada Lovelace",
    },
    "Login": {"email": "ada@example.com", "password": "correct horse battery"},
    "CreateProduct": {
        "sku": "PEN-01",
        "title": "Fountain pen",
        "description": "Writes well.",
        "price": {"amount": 1250, "currency": "EUR"},
        "stock": 40,
    },
    "PlaceOrder": {"items": [{"product_id": "6b0152a6f6b097fd8ed20a9a", "quantity": 2}]},
}
