"""The sign-in, by the API's own operation with its limits, and the sign-out."""

from dataclasses import replace

from sessions import current
from sessions.tokens import Tokens
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import InvalidInput, RateLimited, Unauthenticated
from tidings.platform.inputs.parsing import parsed
from tidings.platform.logging import logger
from tidings.platform.text.cuts import cut
from tidings.users.schemas import Login
from tidings.users.sessions import login
from web import cookies
from web.views import Redirect, View
from web.visits import Visit

REASONS = ("idle", "ended", "left")
MAX_PLACE_CHARACTERS = 500


def show(visit: Visit) -> View | Redirect:
    """Return the form; those who are signed in get the wanted page."""
    if visit.entered is not None:
        return Redirect(visit.asked("next"), is_foreign=True)
    why = visit.asked("why")
    return _form(visit, told=visit.texts(f"sign_in.why.{why}") if why in REASONS else "")


def act(visit: Visit) -> View | Redirect:
    """Sign a person in.

    Raises:
        KeysDoNotFit: the shop refuses its own tokens.
        NotForCustomers: the person is no operator.
        redis.RedisError: the security store is unavailable.
    """
    try:
        session = login(parsed(Login, _credentials(visit)))
    except InvalidInput:
        return _form(visit, wrong=visit.texts("sign_in.malformed"), status=400)
    except Unauthenticated:
        return _form(visit, wrong=visit.texts("sign_in.wrong"), status=401)
    except RateLimited as error:
        return _too_often(visit, error)
    entered = current.enter(Tokens.of(session))
    logger.info("operator signed in to the console", user_id=entered.principal.user_id)
    visit.sets += [
        cookies.kept(cookies.SESSION, entered.tokens.written()),
        cookies.kept(cookies.DEVICE, session.device_token or "", cookies.A_YEAR),
        cookies.forgotten(cookies.VISITOR),
    ]
    return Redirect(visit.form.one("next"), is_foreign=True)


def _too_often(visit: Visit, error: RateLimited) -> View:
    wait = visit.formats.duration(error.retry_after)
    form = _form(visit, wrong=visit.texts("sign_in.too_often", wait=wait))
    problem = problem_of(error)
    return replace(form, status=problem.status, headers=problem.headers)


def _credentials(visit: Visit) -> dict[str, str]:
    given = {"email": visit.form.one("email"), "password": visit.form.raw("password")}
    device = visit.request.cookies.get(cookies.DEVICE)
    return {**given, "device_token": device} if device else given


def _form(visit: Visit, *, told: str = "", wrong: str = "", status: int = 200) -> View:
    sent = visit.form if visit.request.method == "POST" else None
    values = {
        "told": told,
        "wrong": wrong,
        "email": sent.one("email") if sent else "",
        "next": cut(sent.one("next") if sent else visit.asked("next"), MAX_PLACE_CHARACTERS),
    }
    return View("sign_in.html", visit.texts("sign_in.title"), values, status)


def ask_to_leave(visit: Visit) -> View:
    """Return the page that asks before the sign-out, for those who open its address."""
    return View("sign_out.html", visit.texts("sign_out.title"))


def leave(visit: Visit) -> Redirect:
    """Sign a person out.

    Raises:
        redis.RedisError: the security store is unavailable, and the session continues.
    """
    if visit.entered is not None:
        current.leave(visit.entered)
        visit.entered = None
    visit.sets.append(cookies.forgotten(cookies.SESSION))
    return Redirect("sign-in?why=left")
