"""Deferred parts of third-party packages are not imported, and work when they are used."""

import json
import os
import subprocess
import sys


def run(script: str, *arguments: str) -> str:
    """Run a script in a new process that imports our layer first; return its output."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, tidings\n{script}", *arguments],
        env={
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


USED = """
import redis.client, redis.exceptions, mongoengine, jwt.api_jwt
from pydantic import BaseModel
class Model(BaseModel):
    name: str
from aws_lambda_powertools.logging.logger import Logger
print([name for name in (
    "redis.cluster", "redis.sentinel", "redis.asyncio.client", "pymongo.asynchronous.mongo_client",
    "gridfs.asynchronous.grid_file", "jwt.jwks_client", "aws_lambda_powertools.metrics",
    "cryptography.x509.base", "dateutil.parser._parser", "importlib.metadata._adapters",
    "asyncio.base_events", "bcrypt", "jmespath", "pymongo._azure_helpers",
    "redis.commands.cluster", "redis.asyncio.observability.attributes",
) if name in sys.modules])
"""


def test_parts_that_functions_do_not_use_are_not_imported() -> None:
    assert run(USED) == "[]"


def test_functions_of_the_packages_work_without_them() -> None:
    assert (
        run("""
import json
from datetime import datetime, timezone
from cryptography.hazmat.primitives.asymmetric import ec
from jwt import api_jwt
from redis.client import Redis
key = ec.generate_private_key(ec.SECP256R1())
token = api_jwt.encode({"sub": "a"}, key, algorithm="ES256")
client = Redis.from_url("redis://127.0.0.1:1")
client.pipeline().get("a").set("b", "c")
print(api_jwt.decode(token, key.public_key(), algorithms=["ES256"])["sub"],
      "redis.cluster" in sys.modules, "cryptography.x509.base" in sys.modules)
""")
        == "a False False"
    )


SERIALIZATION = "from cryptography.hazmat.primitives import serialization"
SSH = "cryptography.hazmat.primitives.serialization.ssh"

# A use, and a module that it imports.
USES = {
    "import redis; redis.RedisCluster": "redis.cluster",
    "from redis import RedisError": "redis.cluster",
    "import redis; redis.__version__": "redis.cluster",
    "import redis; redis.asyncio.Redis": "redis.asyncio.client",
    "from redis.asyncio import Redis": "redis.asyncio.client",
    "from redis import asyncio; asyncio.Redis": "redis.asyncio.client",
    "import pymongo; pymongo.AsyncMongoClient": "pymongo.asynchronous.mongo_client",
    "from pymongo import AsyncMongoClient": "pymongo.asynchronous.mongo_client",
    "import jwt; jwt.PyJWKClient": "jwt.jwks_client",
    "from cryptography import x509; x509.Certificate": "cryptography.x509.base",
    "import gridfs; gridfs.GridFS": "gridfs.synchronous.grid_file",
    "import dateutil.parser; dateutil.parser.parse('2026-11-30')": "dateutil.parser._parser",
    "from importlib.metadata import version; version('redis')": "importlib.metadata._adapters",
    "from importlib import metadata; metadata.distribution('redis')": (
        "importlib.metadata._adapters"
    ),
    "from aws_lambda_powertools import Metrics": "aws_lambda_powertools.metrics",
    "from aws_lambda_powertools.utilities import jmespath_utils;"
    "assert jmespath_utils.query({'a': 1}, 'a') == 1": "jmespath",
    "import asyncio; asyncio.run(asyncio.sleep(0))": "asyncio.base_events",
    "from asyncio import *; Lock, run": "asyncio.base_events",
    "import asyncio.events, asyncio.tasks; asyncio.run(asyncio.tasks.sleep(0))": (
        "asyncio.base_events"
    ),
    "from redis.commands import RedisClusterCommands": "redis.commands.cluster",
    f"{SERIALIZATION}; serialization.SSHCertificate": SSH,
    f"{SERIALIZATION}; serialization.ssh_key_fingerprint": SSH,
    f"from {SSH} import load_ssh_public_key, SSHCertificate": SSH,
    f"{SERIALIZATION}; from jwt.algorithms import load_ssh_public_key as load;"
    "key = load(b'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI' + b'A' * 43);"
    "assert key.public_bytes_raw()[-9:] == bytes(9)": SSH,
    "from pymongo.auth_shared import _OIDCProperties;"
    "assert _OIDCProperties(username='a').username == 'a'": "pymongo._azure_helpers",
    "from pymongo.auth_oidc import OIDCCallback": "pymongo._azure_helpers",
    "import tomllib; assert tomllib.loads('a = 1') == {'a': 1}": "tomllib._parser",
    "from email.header import Header; assert str(Header('ä', 'utf-8')) == 'ä'": "email.header",
    "from email.message import Message; mail = Message(); mail['Subject'] = 'ä' * 90;"
    "assert '=?utf-8?' in mail.as_string()": "email.header",
}
# Each use in a process of its own, forked from one that has imported nothing.
EACH = """
import json, os
failed = []
for use, module in json.loads(sys.argv[1]).items():
    child = os.fork()
    if child == 0:
        code = 1
        try:
            exec(use)
            code = 0 if module in sys.modules else 2
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        failed.append(use)
print(failed)
"""


def test_headers_of_mails_are_deferred() -> None:
    script = "import http.client, tomllib\nprint(type(sys.modules['email.header']).__name__, "
    assert run(script + "'tomllib._parser' in sys.modules)") == "_Deferred False"


def test_first_use_imports_them() -> None:
    assert run(EACH, json.dumps(USES)) == "[]"


def test_names_are_those_of_the_whole_package() -> None:
    assert (
        run("""
import pymongo, redis
redis.RedisCluster
from pymongo.asynchronous.mongo_client import AsyncMongoClient
from redis.asyncio.client import Redis
print(pymongo.AsyncMongoClient is AsyncMongoClient, redis.asyncio.Redis is Redis,
      type(redis).__name__, redis.__spec__.loader is redis.__loader__,
      type(redis.__loader__).__name__)
""")
        == "True True module True SourceFileLoader"
    )


def test_functions_that_were_imported_early_are_those_of_the_whole_package() -> None:
    assert (
        run("""
from importlib.metadata import entry_points, version
import importlib.metadata
print(len(version("redis").split(".")), len(version("pymongo").split(".")))
whole = importlib.metadata.version
print(whole is version, whole("redis") == version("redis"))
print(entry_points(group="pydantic") == importlib.metadata.entry_points(group="pydantic"))
try:
    version("no-such-package")
except importlib.metadata.PackageNotFoundError as error:
    print(error)
""")
        == "3 3\nFalse True\nTrue\nNo package metadata was found for no-such-package"
    )


def test_missing_name_is_an_attribute_error() -> None:
    assert run("""
import importlib.metadata, pymongo, redis
from cryptography import x509
for module in (pymongo, redis, x509, importlib.metadata):
    try:
        module.no_such_name
    except AttributeError as error:
        print(error)
""").splitlines() == [
        f"module '{name}' has no attribute 'no_such_name'"
        for name in ("pymongo", "redis", "cryptography.x509", "importlib.metadata")
    ]


def test_threads_that_use_a_package_at_once_all_find_its_names() -> None:
    assert (
        run("""
import redis
from threading import Barrier, Thread
barrier, found = Barrier(8), []
def use():
    barrier.wait()
    found.append(redis.RedisCluster)
threads = [Thread(target=use) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
print(len(found), len(set(found)))
""")
        == "8 1"
    )
