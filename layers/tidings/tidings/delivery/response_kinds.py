"""What people do with mails, for the conditions of other domains."""

from enum import StrEnum


class MailResponseKind(StrEnum):
    """What a person did with the mails of a campaign."""

    OPENED = "opened"
    CLICKED = "clicked"
    NOT_OPENED = "not_opened"
