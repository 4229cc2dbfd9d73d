"""What runs as LocalStack: LocalStack's own main, with its S3 files inside the stack.

It keeps them in one fixed folder under /tmp: stacks would delete each other's, and what one
user of a machine made there, another one cannot write to.
"""

import tempfile
from pathlib import Path

from localstack.runtime.main import main
from localstack.services.s3 import provider

if __name__ == "__main__":
    provider.DEFAULT_S3_TMP_DIR = str(Path(tempfile.gettempdir()) / "s3")
    main()
