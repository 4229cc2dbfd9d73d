"""Generate the Python client from the OpenAPI document, and build its wheel (`make client`).

The program runs in the environment `client`, which has the generator. It writes the package into
`<folder>/package` and the wheel into `<folder>/dist`.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from flit_core import buildapi
from flit_core.common import InvalidVersion, normalise_version
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "infra/client"
DOCUMENT: Final = ROOT / "functions/monitoring/openapi.json"
PACKAGE: Final = "tidings_client"
EARLIEST_DATE_IN_ZIP: Final = "315532800"  # 1980-01-01, so that equal sources make equal wheels


class GenerationError(Exception):
    """The generator left something out."""


def generate(project: Path) -> None:
    """Write the package: the generated code, the hand-written part, the metadata.

    Raises:
        GenerationError: the generator did not understand a part of the document.
    """
    from infra.client.document import client_document

    package = project / PACKAGE
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    ruff = Path(sys.executable).with_name("ruff")
    tidy = [
        f"{ruff} check --isolated --no-cache --fix-only --quiet --extend-select=I .",
        f"{ruff} format --isolated --no-cache --quiet .",
    ]
    settings = ConfigFile(package_name_override=PACKAGE, post_hooks=tidy)
    config = Config.from_sources(settings, MetaType.NONE, DOCUMENT, "utf-8", True, package)
    document = client_document(json.loads(DOCUMENT.read_text("utf-8")))
    data = GeneratorData.from_dict(document, config=config)
    if not isinstance(data, GeneratorData):
        raise GenerationError(f"{data.header}: {data.detail}")
    generator = Project(openapi=data, config=config, custom_template_path=SOURCE / "templates")
    with contextlib.redirect_stdout(io.StringIO()):
        errors = generator.build()
    if errors:
        raise GenerationError("\n".join(f"{each.header}: {each.detail}" for each in errors))
    for file in (SOURCE / PACKAGE).glob("*.py"):
        shutil.copyfile(file, package / file.name)
    (package / "py.typed").touch()
    for file in (SOURCE / "README.md", SOURCE / "pyproject.toml", ROOT / "LICENSE"):
        shutil.copyfile(file, project / file.name)


def build_wheel(project: Path, version: str, dist: Path) -> Path:
    """Build the package's wheel with a version."""
    metadata = project / "pyproject.toml"
    text = metadata.read_text("utf-8")
    metadata.write_text(re.sub(r'^version = "0".*$', f'version = "{version}"', text, flags=re.M))
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir(parents=True)
    os.environ.setdefault("SOURCE_DATE_EPOCH", EARLIEST_DATE_IN_ZIP)
    with contextlib.chdir(project):
        return dist / str(buildapi.build_wheel(str(dist)))


def version_of_document() -> str:
    """Return the version that the API has without a release."""
    return str(json.loads(DOCUMENT.read_text("utf-8"))["info"]["version"])


def main() -> int:
    options = argparse.ArgumentParser(description="Generate the client and build its wheel.")
    options.add_argument("folder", type=Path)
    options.add_argument("--version", default=version_of_document())
    chosen = options.parse_args()
    folder: Path = chosen.folder.resolve()
    try:
        version = normalise_version(chosen.version)
        generate(folder / "package")
    except (InvalidVersion, GenerationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{build_wheel(folder / 'package', version, folder / 'dist')}\n")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
