"""Structured logs: one JSON object a line, constant messages with fields."""

import logging

from aws_lambda_powertools import Logger

from tidings.platform.settings import settings

# Level by POWERTOOLS_LOG_LEVEL. The name of the function is the service, so that one
# query over all log groups says which function spoke.
logger = Logger(service=settings().function_name, utc=True)

# The broker module says in one line what pika says in a dozen.
logging.getLogger("pika").setLevel(logging.CRITICAL)
