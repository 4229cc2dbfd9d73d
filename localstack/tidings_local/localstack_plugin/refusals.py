"""Errors for AWS calls that LocalStack has completed and the runner has refused."""

from http import HTTPStatus
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext

CODE = "ServiceUnavailableException"


def refuse(context: RequestContext, response: Any, problem: Exception) -> None:
    """Make an AWS call answer 503 with the problem, instead of LocalStack's own answer.

    Response handlers cannot do that by raising, because LocalStack only logs their exceptions.
    """
    error = CommonServiceException(CODE, str(problem), HTTPStatus.SERVICE_UNAVAILABLE)
    context.service_response = None
    serialized = handlers.handle_service_exception.create_exception_response(error, context)
    response.update_from(serialized)
