"""GET /shop and /shop/{file}: the example shop, a page that uses the API like any other client."""

from pathlib import Path

from tidings.platform.entry.static_files import static_files
from tidings.platform.settings import settings

handler = static_files(Path(__file__).with_name("page"), is_on=lambda: settings().example_shop)
