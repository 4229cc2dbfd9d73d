"""Write what follows from the operations: openapi.json, roles in schema.graphql, docs/api.md, and
the modules of the operations and the persisted ones for the gateway; the table of scheduled rules;
the files of infra/requests; the table of docs/delivery.md; and the charts of docs/performance.md.

`make contracts` runs it; tests fail if a file differs from what it would write.
"""

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "functions/monitoring/openapi.json"


def content() -> str:
    """Return the content of the file."""
    from infra.contracts.document import document

    return json.dumps(document(), indent=2) + "\n"


def main() -> None:
    from executable import SCHEMA_FILE
    from resolvers import places

    from infra.contracts.api_table import FILE as API_PAGE
    from infra.contracts.api_table import page_with_table
    from infra.contracts.charts import charts
    from infra.contracts.frequency_table import FILE as DELIVERY_PAGE
    from infra.contracts.frequency_table import page_with_frequencies
    from infra.contracts.operation_modules import modules
    from infra.contracts.persisted_operations import FILE as PERSISTED_OPERATIONS
    from infra.contracts.persisted_operations import MODULE, manifest, module
    from infra.contracts.reference import pages
    from infra.contracts.request_files import request_files
    from infra.contracts.rules_table import FILE as RULES_TABLE
    from infra.contracts.rules_table import table
    from infra.contracts.schema_roles import schema_with_roles

    generated = {
        RULES_TABLE: table(),
        places.FILE: modules(),
        SCHEMA_FILE: schema_with_roles(),
        PERSISTED_OPERATIONS: manifest(),
        MODULE: module(),
        FILE: content(),
        API_PAGE: page_with_table(),
        DELIVERY_PAGE: page_with_frequencies(),
        **request_files(json.loads(content())),
        **pages(),
        **charts(),
    }
    for file, text in generated.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    # For a program started as a file, Python searches modules in this folder, not in the project's.
    folders = (".", "layers/tidings", "functions", "gateway", "localstack")
    sys.path[:0] = [str(ROOT / each) for each in folders]
    main()
