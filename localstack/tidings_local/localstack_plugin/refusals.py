"""Errors for AWS calls that LocalStack has done and the runner has not taken."""

from http import HTTPStatus
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext

CODE = "ServiceUnavailableException"


def refuse(context: RequestContext, response: Any, problem: Exception) -> None:
    """Have an AWS call answer 503 with the problem, in place of LocalStack's own answer.

    Response handlers cannot do that by raising: LocalStack logs what they raise.
    """
    error = CommonServiceException(CODE, str(problem), HTTPStatus.SERVICE_UNAVAILABLE)
    context.service_response = None
    serialized = handlers.handle_service_exception.create_exception_response(error, context)
    response.update_from(serialized)
