"""The GraphQL documents of the demo."""

REGISTER_USER = """
mutation Register($input: RegisterUserInput!) { registerUser(input: $input) { email } }
"""

LOGIN = """
mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }
"""

CREATE_PRODUCT = """
mutation Create($input: CreateProductInput!) { createProduct(input: $input) { id sku stock } }
"""

PLACE_ORDER = """
mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) { id state } }
"""

GET_ORDER = """
query Order($id: ID!) { getOrder(id: $id) { state } }
"""

GET_NOTIFICATIONS = """
query Inbox { getUserNotifications { nodes { title body subjectId } } }
"""

GET_PRODUCTS = """
query Catalogue { getProducts(first: 100) { nodes { id stock } } }
"""
