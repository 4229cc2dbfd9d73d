"""Language and theme, kept in cookies of the browser."""

from texts.catalogue import LANGUAGES
from web import cookies
from web.views import Redirect, View
from web.visits import THEMES, Visit


def show(visit: Visit) -> View:
    """Return the page with the two choices."""
    return View("preferences.html", visit.texts("preferences.title"))


def act(visit: Visit) -> Redirect:
    """Keep what was chosen, and show the page where it was chosen."""
    language, theme = visit.form.one("language"), visit.form.one("theme")
    if language in LANGUAGES:
        visit.sets.append(cookies.kept(cookies.LANGUAGE, language, cookies.A_YEAR))
    if theme in THEMES:
        visit.sets.append(cookies.kept(cookies.THEME, theme, cookies.A_YEAR))
    elif theme == "system":
        visit.sets.append(cookies.forgotten(cookies.THEME))
    return Redirect(visit.form.one("next"), is_foreign=True)
