"""The push services of devices."""

from enum import StrEnum


class PushPlatform(StrEnum):
    IOS = "ios"
    ANDROID = "android"
    WEB = "web"
