"""Every page of the console. Tests walk this table with each role, language and look."""

from typing import Final

from pages import overview, preferences, sign_in
from web.routes import ANYONE, Route

ROUTES: Final = (
    Route("", overview.show, label="navigation.overview"),
    Route("sign-in", sign_in.show, ANYONE, act=sign_in.act),
    Route("sign-out", sign_in.ask_to_leave, act=sign_in.leave),
    Route("preferences", preferences.show, ANYONE, act=preferences.act),
)
