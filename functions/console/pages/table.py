"""Every page of the console. Tests walk this table with each role, language and look."""

from typing import Final

from pages import (
    audit,
    campaign_copy,
    campaign_steps,
    campaign_test,
    campaigns,
    explanations,
    failed_messages,
    message_templates,
    overview,
    persons,
    preferences,
    queues,
    redriving,
    rollback,
    search,
    sign_in,
    suppressions,
    vouchers,
)
from tidings.platform.security.auth import Role
from web.routes import ANYONE, Route

ROUTES: Final = (
    Route("", overview.show, label="navigation.overview"),
    Route("search", search.show, act=search.act),
    Route("failed-messages", failed_messages.show, label="navigation.failed_messages"),
    Route("failed-messages/redrive", redriving.without_choice, act=redriving.redrive),
    Route("failed-messages/discard", redriving.without_choice, act=redriving.discard),
    Route("failed-messages/{message_id}", failed_messages.show_one),
    Route("failed-messages/{message_id}/edit", redriving.show_edit, act=redriving.edit),
    Route("queues", queues.show, label="navigation.queues"),
    Route("campaigns", campaigns.show_list, label="navigation.campaigns"),
    Route("campaigns/{campaign_id}", campaigns.show),
    Route("campaigns/{campaign_id}/preview", campaigns.show_preview, act=campaign_test.act),
    Route("campaigns/{campaign_id}/copy", campaign_copy.show, act=campaign_copy.act),
    *campaign_steps.routes(),
    Route("vouchers", vouchers.show_list, label="navigation.vouchers"),
    Route("vouchers/{voucher_id}", vouchers.show),
    Route("vouchers/{voucher_id}/end", vouchers.ask_to_end, act=vouchers.end),
    Route("templates", message_templates.show_list, label="navigation.templates"),
    Route("templates/{template_code}", message_templates.show),
    Route("templates/{template_code}/mail", message_templates.show_mail, is_page=False),
    Route("templates/{template_code}/rollback", rollback.show, act=rollback.act),
    Route("orders/{order_id}", explanations.show_order),
    Route("notifications/{notification_id}", explanations.show_notification),
    Route("persons/{person_id}", persons.show),
    Route("suppressions", suppressions.show, act=suppressions.act, label="navigation.suppressions"),
    Route("audit", audit.show, Role.ADMIN, label="navigation.audit"),
    Route("audit/export", audit.export, Role.ADMIN, is_page=False),
    Route("sign-in", sign_in.show, ANYONE, act=sign_in.act),
    Route("sign-out", sign_in.ask_to_leave, act=sign_in.leave),
    Route("preferences", preferences.show, ANYONE, act=preferences.act),
)
