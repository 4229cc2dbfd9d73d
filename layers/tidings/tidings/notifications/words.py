"""The words of a notification: one version of its template, in a person's language."""

from collections.abc import Mapping
from typing import Any, Final

from tidings.delivery.schemas import Rendered as ChannelWords
from tidings.notifications.models import Channel
from tidings.templates import rendering
from tidings.templates.queries import current_version
from tidings.templates.schemas import Rendered
from tidings.users.contact_points import Contact

NO_WORDS: Final = ChannelWords()


class Words:
    """What a template says, in the version that it has now or that a notification was made with.

    Raises:
        TidingsError: there is no such template.
    """

    def __init__(self, template_code: str, version: int | None = None) -> None:
        self._code = template_code
        self.version = version or current_version(template_code)

    def for_person(
        self, contact: Contact, variables: Mapping[str, Any], **more: str | None
    ) -> Rendered:
        """Return all words in the language that the person reads now.

        Raises:
            TidingsError: the variables do not fit.
        """
        about = {"name": contact.name, "time_zone": contact.preferences.time_zone}
        return rendering.render(
            self._code,
            version=self.version,
            language=contact.preferences.language,
            variables={**about, **variables, **more},
        )


def words_for(channel: Channel, made: Rendered) -> ChannelWords:
    """Return a channel's part; `NO_WORDS` where the template has none."""
    match channel:
        case Channel.EMAIL:
            return ChannelWords(
                subject=made.email_subject or "",
                html=made.email_html or "",
                text=made.email_text or "",
            )
        case Channel.PUSH:
            return ChannelWords(title=made.push_title or "", body=made.push_body or "")
        case Channel.SMS:
            return ChannelWords(text=made.sms_text or "")
        case Channel.WEBHOOK:
            return ChannelWords(
                title=made.inbox_title or made.push_title or made.email_subject or "",
                body=made.inbox_body or made.push_body or made.email_text or "",
            )
