"""Single checks of `make doctor` on the stack under test, by the fixture `own_services`."""

from tidings_local.launcher.operating.doctor.examination import CHECKS, make
from tidings_local.launcher.operating.doctor.finding import Finding
from tidings_local.launcher.operating.doctor.installation import Installation
from tidings_local.launcher.running.stack import find_stack
from tidings_local.launcher.settings import load_settings


def check(name: str) -> Finding:
    settings = load_settings()
    return make(CHECKS[name], Installation(find_stack(settings), settings))
