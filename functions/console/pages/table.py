"""Every page of the console. Tests walk this table with each role, language and look."""

from typing import Final

from pages import (
    campaign_steps,
    campaigns,
    explanations,
    message_templates,
    overview,
    persons,
    preferences,
    rollback,
    search,
    sign_in,
)
from web.routes import ANYONE, Route

ROUTES: Final = (
    Route("", overview.show, label="navigation.overview"),
    Route("search", search.show, act=search.act, label="navigation.search"),
    Route("campaigns", campaigns.show_list, label="navigation.campaigns"),
    Route("campaigns/{campaign_id}", campaigns.show),
    Route("campaigns/{campaign_id}/preview", campaigns.show_preview),
    *campaign_steps.routes(),
    Route("templates", message_templates.show_list, label="navigation.templates"),
    Route("templates/{template_code}", message_templates.show),
    Route("templates/{template_code}/mail", message_templates.show_mail, is_page=False),
    Route("templates/{template_code}/rollback", rollback.show, act=rollback.act),
    Route("orders/{order_id}", explanations.show_order),
    Route("notifications/{notification_id}", explanations.show_notification),
    Route("persons/{person_id}", persons.show),
    Route("sign-in", sign_in.show, ANYONE, act=sign_in.act),
    Route("sign-out", sign_in.ask_to_leave, act=sign_in.leave),
    Route("preferences", preferences.show, ANYONE, act=preferences.act),
)
