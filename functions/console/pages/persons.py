"""A person: what would become of a message now, what they were told, and their orders."""

from typing import Final

from pages.explanations import sign_of
from tidings.monitoring.persons.operations import find_person
from tidings.monitoring.persons.schemas import FindPerson
from tidings.platform.inputs.parsing import parsed
from web.views import View
from web.visits import Visit

CHANNELS: Final = ("inbox", "email", "push", "sms", "webhook")


def show(visit: Visit) -> View:
    """Return the page.

    Raises:
        UserNotFound: the account does not exist, or was deleted.
    """
    found = find_person(parsed(FindPerson, {"id": visit.path["person_id"]}), caller=visit.caller)
    values = {"found": found, "channels": CHANNELS, "sign_of": sign_of}
    return View("person.html", visit.texts("person.title"), values)
