"""The model: the costs of a million orders, and the units of each part at a load."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from infra.cost.inputs import Capacity, Function, Measured, Price

MILLION: Final = 1_000_000
KB_OF_GB: Final = 1_000_000
SECONDS_OF_MONTH: Final = 730 * 3600
HOURS_OF_MONTH: Final = 730
FULL_BATCH: Final = 50
QUEUE: Final = "queue "


@dataclass(frozen=True)
class Model:
    """What follows from prices, measured work and capacities."""

    prices: dict[str, Price]
    measured: Measured
    capacity: Capacity

    def by_use(self, batch: int) -> dict[str, float]:
        """Return the dollars of a million orders that depend on their number only."""
        assumed = self.measured.assumed
        functions = self.measured.functions.values()
        requests = sum(each.times for each in functions if each.request)
        mails = self.measured.functions["deliver-email"].times
        return {
            "API Gateway, requests": requests * self._dollars("api_gateway_million_requests"),
            "WAF, requests": requests * self._dollars("waf_million_requests"),
            "Lambda, calls": sum(each.times / each.batch(batch) for each in functions)
            * self._dollars("lambda_million_requests"),
            "Lambda, duration": MILLION
            * self.gb_seconds(batch)
            * self._dollars("lambda_gb_second"),
            "SES, mails": MILLION / 1000 * mails * self._dollars("ses_thousand_mails"),
            "SNS, pushes": assumed.pushes * self._dollars("sns_million_pushes"),
            "CloudWatch, logs": self._per_kb(assumed.log_kb, "logs_gb"),
            "NAT gateway, data": self._per_kb(assumed.nat_kb, "nat_gateway_gb"),
            "transfer to customers": self._per_kb(assumed.answer_kb, "transfer_out_gb"),
            "MongoDB, storage of a month": self._per_kb(assumed.stored_kb, "mongodb_gb_month"),
        }

    def by_time(self, orders_per_second: float, batch: int) -> dict[str, float]:
        """Return the dollars of a month for parts that cost by the hour, at a load."""
        assumed = self.measured.assumed
        hourly = {
            "public IPv4 addresses": assumed.public_addresses * self._dollars("public_ipv4_hour"),
            "interface endpoints": assumed.endpoint_zones * self._dollars("vpc_endpoint_hour"),
        }
        found = {
            "Secrets Manager": assumed.secrets * self._dollars("secret_month"),
            "WAF, web ACL": self._dollars("waf_acl_month")
            + assumed.web_acl_rules * self._dollars("waf_rule_month"),
        } | {name: dollars * HOURS_OF_MONTH for name, dollars in hourly.items()}
        for name, part in self.capacity.parts.items():
            if part.price is not None:
                nodes = part.nodes * self.units(name, orders_per_second, batch)
                found[name] = nodes * self._dollars(part.price) * HOURS_OF_MONTH
        return found

    def gb_seconds(self, batch: int) -> float:
        """Return the GB-seconds of one order in all functions."""
        functions = self.measured.functions.values()
        seconds = sum(each.times * self.seconds(each, batch) for each in functions)
        return seconds * self.measured.memory_mb / 1024

    def seconds(self, function: Function, batch: int) -> float:
        """Return the duration of one message in a batch: its CPU time, and its waiting.

        A function gets CPU time in proportion to its memory.
        """
        work = function.by_batch[function.batch(batch)]
        assumed = self.measured.assumed
        slowed = max(1.0, assumed.vcpu_memory_mb / self.measured.memory_mb)
        waits = work.commands * assumed.command_wait_ms + function.wait_ms
        return (work.cpu_ms * slowed + waits) / 1000

    def need(self, part: str, batch: int) -> float:
        """Return the work of one order for a part, in the unit of its capacity."""
        functions, assumed = self.measured.functions, self.measured.assumed
        if part.startswith(QUEUE):
            return float(functions[part.removeprefix(QUEUE)].times)
        if part == "ses":
            return float(functions["deliver-email"].times)
        if part == "mongodb":
            return sum(f.times * f.by_batch[f.batch(batch)].commands for f in functions.values())
        if part == "lambda":
            return sum(f.times * self.seconds(f, batch) for f in functions.values())
        if part == "api_gateway":
            return float(sum(f.times for f in functions.values() if f.request))
        needs = {
            "amazon_mq": assumed.messages,
            "redis": assumed.redis_commands,
            "nat_gateway": assumed.nat_kb / 1000,
        }
        return needs[part]

    def one_unit(self, part: str) -> float:
        """Return the work of one unit in a second; a queue has one environment."""
        if part.startswith(QUEUE):
            function = self.measured.functions[part.removeprefix(QUEUE)]
            return 1 / self.seconds(function, FULL_BATCH)
        return self.capacity.parts[part].capacity

    def limit(self, part: str) -> float:
        """Return the orders a second that one unit does, in full batches."""
        return self.one_unit(part) / self.need(part, FULL_BATCH)

    def units(self, part: str, orders_per_second: float, batch: int) -> int:
        return max(1, ceil(orders_per_second * self.need(part, batch) / self.one_unit(part)))

    def parts(self) -> list[str]:
        """Return all parts that grow, the first to reach its limit first."""
        functions = self.measured.functions.items()
        queues = [f"{QUEUE}{name}" for name, each in functions if each.queue is not None]
        return sorted([*queues, *self.capacity.parts], key=self.limit)

    def _dollars(self, name: str) -> float:
        return self.prices[name].dollars

    def _per_kb(self, kb: float, price: str) -> float:
        return MILLION * kb / KB_OF_GB * self._dollars(price)
