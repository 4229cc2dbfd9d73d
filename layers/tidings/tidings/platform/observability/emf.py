"""Send metrics to CloudWatch through the log (Embedded Metric Format): no call, no permission."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from tidings.platform.settings import settings


def emit(name: str, value: float, unit: str = "Count", labels: Mapping[str, str] = {}) -> None:
    """Log one metric; CloudWatch reads it from the log group."""
    namespace = settings().metrics_namespace
    with single_metric(
        name=name, unit=MetricUnit(unit), value=value, namespace=namespace
    ) as metric:
        for label, text in labels.items():
            metric.add_dimension(name=label, value=text)
