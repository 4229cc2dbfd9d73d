"""The stack's public address: answers calls of deployed REST APIs, hands all else to LocalStack."""
