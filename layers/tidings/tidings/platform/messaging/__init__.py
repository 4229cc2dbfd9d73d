"""Events, the outbox and RabbitMQ."""
