"""The looks in which each page is tested: together they have each screen, theme and language."""

from typing import Any, Final, NamedTuple


class Look(NamedTuple):
    """A way to look at the console."""

    name: str
    width: int
    height: int
    theme: str
    language: str

    @property
    def context(self) -> dict[str, Any]:
        """The arguments of a browser's context."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": self.theme,
            "locale": "de-DE" if self.language == "de" else "en-GB",
            "timezone_id": "Asia/Tokyo",  # the console shows UTC everywhere
        }


LOOKS: Final = (
    Look("desktop-light-en", 1280, 800, "light", "en"),
    Look("desktop-dark-de", 1280, 800, "dark", "de"),
    Look("phone-light-de", 360, 740, "light", "de"),
)
DESKTOP: Final = LOOKS[0]
