from types import SimpleNamespace

import pytest

from tests.unit.localstack_plugin.stand_ins import EmptyPollResultsException, Shelf

BROKER = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1"


def holder_for(source_service: str) -> SimpleNamespace:
    from tidings_local.localstack_plugin.amazon_mq import create_amazon_mq_poller

    holder = SimpleNamespace(create_poller_fn=None)
    create_amazon_mq_poller(holder, source_service, {})
    return holder


def test_mapping_of_a_broker_gets_a_poller_without_messages(shelf: Shelf) -> None:
    poller = holder_for("mq").create_poller_fn(arn=BROKER, client=None, processor=None)
    assert poller.event_source() == "aws:rmq"
    with pytest.raises(EmptyPollResultsException):
        poller.poll_events()


def test_other_sources_are_handled_by_localstack(shelf: Shelf) -> None:
    assert holder_for("kafka").create_poller_fn is None
