"""Stands for Amazon MQ's event source mappings: RabbitMQ in, Lambda invocations out."""
