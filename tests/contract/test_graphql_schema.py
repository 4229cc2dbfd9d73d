"""schema.graphql is described, and its types match the values that the domains return."""

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import pytest
import resolvers.declared  # noqa: F401 (it imports every operation)
from executable import SCHEMA_FILE, executable_schema, snake_case
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    is_required_input_field,
    is_specified_directive,
    is_specified_scalar_type,
)
from pydantic import BaseModel
from resolvers import NESTED
from resolvers.connection import Connection, Edge, PageInfo
from resolvers.orders import UpdateOrderStatusInput

from tidings.campaigns import schemas as campaigns
from tidings.delivery.schemas import SuppressionActView, SuppressionFilter, SuppressionView
from tidings.delivery.status import DeliveryView, NotificationStatus, StepView, TriedProviderView
from tidings.monitoring import searching
from tidings.monitoring.audit_schemas import AuditEntryView, AuditFilter, AuditTargetView
from tidings.monitoring.explaining import schemas as explained
from tidings.monitoring.health import ServiceHealthReport, ServiceState
from tidings.monitoring.overview import schemas as overview
from tidings.monitoring.persons import schemas as persons
from tidings.monitoring.schemas import (
    DiscardFailedMessages,
    DiscardReport,
    FailedAttemptView,
    FailedMessageFilter,
    FailedMessageView,
    MessageForecast,
    OperatorActView,
    OutcomeCount,
    RedriveFailedMessages,
    RedriveReport,
)
from tidings.monitoring.trying import schemas as trying
from tidings.notifications.schemas import (
    AcceptedNotification,
    InboxDeletion,
    MessageAnswer,
    MessageRefusal,
    NotificationView,
    ReadCount,
    RefusalDetail,
    SendNotification,
    SentNotifications,
    UpdateNotification,
)
from tidings.orders.schemas import (
    Amount,
    BasketLineView,
    BasketView,
    OrderFilter,
    OrderItemView,
    OrderPreview,
    OrderView,
    PlaceOrder,
    PlaceOrderItem,
    TransitionView,
)
from tidings.platform.operation import OPERATIONS
from tidings.products.schemas import (
    AdjustStock,
    CreateProduct,
    Money,
    ProductFilter,
    ProductView,
    StockMovementView,
    StockNotice,
    StockSubscriptionView,
    StockUnsubscription,
    UpdateProduct,
)
from tidings.recommendations.schemas import (
    ActivityItemView,
    ActivityView,
    BrowsedItem,
    BrowseReceipt,
    LogBrowse,
    LogPurchase,
    PurchasedItem,
    ReasonView,
    RecommendationsView,
    RecommendationView,
)
from tidings.tasks.schemas import CreateTask, TaskDeletion, TaskFilter, TaskView, UpdateTask
from tidings.templates import content
from tidings.templates import schemas as templates
from tidings.users.preferences import (
    Channels,
    ChannelsChoice,
    ChannelSwitches,
    Preferences,
    QuietHours,
    UpdatePreferences,
)
from tidings.users.schemas import (
    Acknowledgement,
    EmailVerification,
    Login,
    PasswordReset,
    PushTokenView,
    RegisterPushToken,
    RegisterUser,
    Registration,
    ResetPassword,
    Session,
    UpdateProfile,
    UserFilter,
    UserView,
    VerifyEmail,
)
from tidings.vouchers.schemas import VoucherFilter, VoucherView

SCHEMA = build_schema(SCHEMA_FILE.read_text())
OWN = {
    name: kind
    for name, kind in SCHEMA.type_map.items()
    if not name.startswith("__") and not is_specified_scalar_type(kind)
}
ROOTS = {"Query", "Mutation"}

OBJECTS: dict[str, list[type]] = {
    "User": [UserView],
    "Registration": [Registration],
    "Session": [Session],
    "PasswordReset": [PasswordReset],
    "Acknowledgement": [Acknowledgement],
    "EmailVerification": [EmailVerification],
    "Preferences": [Preferences],
    "Channels": [Channels],
    "QuietHours": [QuietHours],
    "PushToken": [PushTokenView],
    "UserConnection": [Connection],
    "UserEdge": [Edge],
    "Money": [Money, Amount],
    "Product": [ProductView],
    "Basket": [BasketView],
    "BasketLine": [BasketLineView],
    "StockMovement": [StockMovementView],
    "StockNotice": [StockNotice],
    "StockSubscription": [StockSubscriptionView],
    "StockSubscriptionConnection": [Connection],
    "StockSubscriptionEdge": [Edge],
    "StockUnsubscription": [StockUnsubscription],
    "Order": [OrderView],
    "OrderItem": [OrderItemView],
    "OrderPreview": [OrderPreview],
    "Voucher": [VoucherView],
    "VoucherConnection": [Connection],
    "VoucherEdge": [Edge],
    "OrderTransition": [TransitionView],
    "Task": [TaskView],
    "TaskDeletion": [TaskDeletion],
    "Notification": [NotificationView],
    "UserRecommendations": [RecommendationsView],
    "Recommendation": [RecommendationView],
    "RecommendationReason": [ReasonView],
    "Activity": [ActivityView],
    "ActivityItem": [ActivityItemView],
    "BrowseReceipt": [BrowseReceipt],
    "ActivityConnection": [Connection],
    "ActivityEdge": [Edge],
    "ReadCount": [ReadCount],
    "InboxDeletion": [InboxDeletion],
    "AcceptedNotification": [AcceptedNotification],
    "SentNotifications": [SentNotifications],
    "MessageAnswer": [MessageAnswer],
    "MessageRefusal": [MessageRefusal],
    "RefusalDetail": [RefusalDetail],
    "NotificationStatus": [NotificationStatus],
    "NotificationDelivery": [DeliveryView],
    "DeliveryStep": [StepView],
    "TriedProvider": [TriedProviderView],
    "PageInfo": [PageInfo],
    "ProductConnection": [Connection],
    "OrderConnection": [Connection],
    "OrderEdge": [Edge],
    "StockMovementConnection": [Connection],
    "NotificationConnection": [Connection],
    "TaskConnection": [Connection],
    "ProductEdge": [Edge],
    "StockMovementEdge": [Edge],
    "TaskEdge": [Edge],
    "NotificationEdge": [Edge],
    "Template": [templates.TemplateView],
    "TemplateVariant": [content.Variant],
    "EmailPart": [content.EmailPart],
    "NoticePart": [content.NoticePart],
    "SmsPart": [content.SmsPart],
    "TemplateVersion": [templates.VersionView],
    "TemplateSummary": [templates.TemplateSummary],
    "TemplateSummaryConnection": [Connection],
    "TemplateSummaryEdge": [Edge],
    "TemplatePreview": [templates.TemplatePreview],
    # ---------------------------------------------------------------- monitoring
    "FailedMessage": [FailedMessageView],
    "FailedAttempt": [FailedAttemptView],
    "OperatorAct": [OperatorActView, SuppressionActView],
    "Suppression": [SuppressionView],
    "SuppressionConnection": [Connection],
    "SuppressionEdge": [Edge],
    "RedriveReport": [RedriveReport],
    "OutcomeCount": [OutcomeCount],
    "MessageForecast": [MessageForecast],
    "DiscardReport": [DiscardReport],
    "FailedMessageConnection": [Connection],
    "FailedMessageEdge": [Edge],
    "QueueStats": [overview.QueueStats],
    "AuditEntry": [AuditEntryView],
    "AuditTarget": [AuditTargetView],
    "AuditEntryConnection": [Connection],
    "AuditEntryEdge": [Edge],
    "ServiceHealth": [ServiceHealthReport],
    "ServiceState": [ServiceState],
}
OBJECTS |= {
    "Campaign": [campaigns.CampaignView],
    "CampaignAudience": [campaigns.AudienceView],
    "CampaignExperiment": [campaigns.ExperimentView],
    "CampaignVariant": [campaigns.VariantView],
    "CampaignVariantNumbers": [campaigns.VariantNumbers],
    "CampaignMailResponse": [campaigns.MailResponseConditionView],
    "CampaignSchedule": [campaigns.ScheduleView],
    "CampaignRun": [campaigns.RunView],
    "CampaignTransition": [campaigns.CampaignTransitionView],
    "CampaignNumbers": [campaigns.CampaignNumbers],
    "CampaignChannelNumbers": [campaigns.ChannelNumbers],
    "CampaignPreview": [campaigns.CampaignPreview],
    "CampaignTest": [campaigns.CampaignTest],
    "SentSample": [campaigns.SentSample],
    "CampaignConnection": [Connection],
    "CampaignEdge": [Edge],
}
OBJECTS |= {
    "Explanation": [explained.Explanation],
    "ExplainedEvent": [explained.ExplainedEvent],
    "ExplainedNotification": [explained.ExplainedNotification],
    "ChannelOutcome": [explained.ChannelOutcome],
    "ExplainedStep": [explained.ExplainedStep],
    "ExplanationNote": [explained.ExplanationNote],
}
OBJECTS |= {
    "Overview": [overview.Overview],
    "OrderCount": [overview.OrderCount],
    "FailedCount": [overview.FailedCount],
    "MessageRates": [overview.MessageRates],
    "QueueOverview": [overview.QueueOverview],
    "FunctionOverview": [overview.FunctionOverview],
    "OutboxOverview": [overview.OutboxOverview],
    "RunFigure": [overview.RunFigure],
    "RunOverview": [overview.RunOverview],
    "RuleOverview": [overview.RuleOverview],
    "OverviewHistory": [overview.OverviewHistory],
}
OBJECTS |= {
    "FoundPerson": [persons.FoundPerson],
    "CategoryOutlook": [persons.CategoryOutlook],
    "MessageOutlook": [persons.MessageOutlook],
    "TriedTemplate": [trying.TriedTemplate],
    "TemplateFault": [trying.TemplateFault],
    "PersonOrder": [persons.PersonOrder],
    "PersonFailure": [persons.PersonFailure],
    "SearchResult": [searching.SearchResult],
    "FoundThing": [searching.FoundThing],
}
INPUTS: dict[str, type[BaseModel]] = {
    "RegisterUserInput": RegisterUser,
    "LoginInput": Login,
    "VerifyEmailInput": VerifyEmail,
    "ResetPasswordInput": ResetPassword,
    "UpdateProfileInput": UpdateProfile,
    "UpdatePreferencesInput": UpdatePreferences,
    "ChannelsInput": ChannelsChoice,
    "ChannelSwitchesInput": ChannelSwitches,
    "QuietHoursInput": QuietHours,
    "UserFilterInput": UserFilter,
    "RegisterPushTokenInput": RegisterPushToken,
    "MoneyInput": Money,
    "CreateProductInput": CreateProduct,
    "UpdateProductInput": UpdateProduct,
    "AdjustStockInput": AdjustStock,
    "ProductFilterInput": ProductFilter,
    "PlaceOrderInput": PlaceOrder,
    "VoucherFilterInput": VoucherFilter,
    "PlaceOrderItemInput": PlaceOrderItem,
    "OrderFilter": OrderFilter,
    "UpdateOrderStatusInput": UpdateOrderStatusInput,
    "LogPurchaseInput": LogPurchase,
    "PurchasedItemInput": PurchasedItem,
    "LogBrowseInput": LogBrowse,
    "BrowsedItemInput": BrowsedItem,
    "CreateTaskInput": CreateTask,
    "UpdateTaskInput": UpdateTask,
    "TaskFilterInput": TaskFilter,
    "SendNotificationInput": SendNotification,
    "UpdateNotificationInput": UpdateNotification,
    "CreateTemplateInput": templates.CreateTemplate,
    "UpdateTemplateInput": templates.UpdateTemplate,
    "RollBackTemplateInput": templates.RollBackTemplate,
    "PreviewTemplateInput": templates.PreviewTemplate,
    "TryTemplateInput": trying.TryTemplate,
    "TemplateVariantInput": content.Variant,
    "EmailPartInput": content.EmailPart,
    "NoticePartInput": content.NoticePart,
    "SmsPartInput": content.SmsPart,
    # ---------------------------------------------------------------- monitoring
    "FailedMessageFilterInput": FailedMessageFilter,
    "SuppressionFilterInput": SuppressionFilter,
    "AuditFilterInput": AuditFilter,
    "RedriveFailedMessagesInput": RedriveFailedMessages,
    "DiscardFailedMessagesInput": DiscardFailedMessages,
}

INPUTS |= {
    "CreateCampaignInput": campaigns.CreateCampaign,
    "CampaignAudienceInput": campaigns.AudienceInput,
    "CampaignExperimentInput": campaigns.ExperimentInput,
    "CampaignVariantInput": campaigns.VariantInput,
    "CampaignMailResponseInput": campaigns.MailResponseCondition,
    "CampaignScheduleInput": campaigns.ScheduleInput,
    "CampaignFilterInput": campaigns.CampaignFilter,
}
# By convention, `XInput` is the operation's model X.
INPUTS |= {
    name: model
    for each in OPERATIONS.values()
    for parameter in each.parameters
    if (model := parameter.model) and (name := f"{model.__name__}Input") in OWN.keys() - INPUTS
}


def described() -> Iterator[tuple[str, str | None]]:
    for name, kind in OWN.items():
        if name not in ROOTS:
            yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description


def test_everything_is_described() -> None:
    assert [name for name, text in described() if not (text or "").strip()] == []


def test_every_type_is_in_this_tests_tables() -> None:
    objects = {name for name, kind in OWN.items() if isinstance(kind, GraphQLObjectType)}
    inputs = {name for name, kind in OWN.items() if isinstance(kind, GraphQLInputObjectType)}
    assert objects - ROOTS == set(OBJECTS)
    assert inputs == set(INPUTS)


def fields_of(model: type) -> set[str]:
    fields: dict[str, Any] = getattr(model, "model_fields", None) or model.__dataclass_fields__  # type: ignore[attr-defined]
    computed = {name for name, each in vars(model).items() if isinstance(each, property)}
    return computed | set(fields)


def is_optional(annotation: Any) -> bool:
    union = get_origin(annotation) in {Union, types.UnionType}
    return union and type(None) in get_args(annotation)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_every_field_is_an_attribute_of_the_domains_value(name: str) -> None:
    kind = executable_schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    for model in OBJECTS[name]:
        own = set(kind.fields) - NESTED.get(name, {}).keys()
        assert {snake_case(field) for field in own} <= fields_of(model)


def test_every_nested_resolver_has_its_field() -> None:
    for name, nested in NESTED.items():
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert nested.keys() <= kind.fields.keys()


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_optional_attribute_is_a_nullable_field(name: str) -> None:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    for model in (each for each in OBJECTS[name] if issubclass(each, BaseModel)):
        for field_name, field in kind.fields.items():
            if field_name in NESTED.get(name, {}):
                continue
            annotation = model.model_fields[snake_case(field_name)].annotation
            assert is_optional(annotation) == (not str(field.type).endswith("!")), field_name


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_input_matches_the_operations_model(name: str) -> None:
    kind, model = SCHEMA.type_map[name], INPUTS[name]
    assert isinstance(kind, GraphQLInputObjectType)
    assert {snake_case(field) for field in kind.fields} == set(model.model_fields)
    for field_name, field in kind.fields.items():
        required = model.model_fields[snake_case(field_name)].is_required()
        assert is_required_input_field(field) == required, field_name
