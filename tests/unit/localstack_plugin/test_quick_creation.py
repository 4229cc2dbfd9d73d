from tests.unit.localstack_plugin import stand_ins
from tests.unit.localstack_plugin.stand_ins import Shelf


def test_client_of_a_mapping_is_made_at_its_first_use(shelf: Shelf) -> None:
    from localstack.services.lambda_ import provider
    from localstack.services.lambda_.event_source_mapping import esm_worker_factory

    from tidings_local.localstack_plugin.quick_creation import create_quickly

    stand_ins.MADE_CLIENTS.clear()
    create_quickly()
    create_quickly()
    used, _unused = (
        module.get_internal_client(arn="arn:of:a:queue")
        for module in (provider, esm_worker_factory)
    )
    assert stand_ins.MADE_CLIENTS == []
    assert [used.get_queue_attributes() for _ in range(2)] == ["arn:of:a:queue"] * 2
    assert stand_ins.MADE_CLIENTS == ["arn:of:a:queue"]


def test_functions_are_created_without_a_call_of_sts(shelf: Shelf) -> None:
    from localstack.services.lambda_.invocation.lambda_service import LambdaService

    from tidings_local.localstack_plugin.quick_creation import create_quickly

    create_quickly()
    assert LambdaService().can_assume_role("arn:of:a:role", "us-east-1")


def test_internal_calls_do_not_describe_the_machine(shelf: Shelf) -> None:
    from botocore.useragent import UserAgentString

    from tidings_local.localstack_plugin.quick_creation import USER_AGENT, create_quickly

    create_quickly()
    assert UserAgentString.from_environment().to_string() == USER_AGENT


def test_class_name_is_converted_once(shelf: Shelf) -> None:
    from localstack.services.cloudformation.engine.v2 import change_set_model_visitor as visitor

    from tidings_local.localstack_plugin.quick_creation import create_quickly

    create_quickly()
    create_quickly()
    assert [visitor.camel_to_snake_case("NodeArray") for _ in range(2)] == ["nodearray"] * 2
    assert visitor.camel_to_snake_case.cache_info().hits == 1
