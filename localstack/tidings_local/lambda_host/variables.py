"""The environment of a function's process, without the host's own variables."""

import os
from pathlib import Path

from tidings_local.lambda_host.function import Function

PYTHON_VERSION = "3.11"


def process_variables(
    function: Function,
    *,
    interpreter: Path,
    runtime_api: str,
    scratch_dir: Path,
    log_stream: str = "",
) -> dict[str, str]:
    """Return the variables; reserved names win over the function's own, those over the others."""
    return {
        **_replaceable(function, interpreter),
        **function.variables,
        **function.platform_variables,
        **_reserved(function, interpreter),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "PYTHONPATH": python_path(function),
        "TMPDIR": str(scratch_dir),
    }


def python_path(function: Function) -> str:
    """Return the module path in AWS's order: the code, the layers, the runtime."""
    own = function.variables.get("PYTHONPATH", "")
    return os.pathsep.join([*layer_paths(function.opt_dir), *filter(None, [own])])


def layer_paths(opt_dir: Path | None) -> list[str]:
    if opt_dir is None:
        return []
    python = opt_dir / "python"
    return [str(python / f"lib/python{PYTHON_VERSION}/site-packages"), str(python)]


def _replaceable(function: Function, interpreter: Path) -> dict[str, str]:
    code, opt = function.code_dir, function.opt_dir
    programs = [interpreter.parent, "/usr/local/bin", "/usr/bin", "/bin", *_inside(opt, "bin")]
    libraries = [code, code / "lib", *_inside(opt, "lib")]
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": os.pathsep.join(map(str, programs)),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }


def _inside(opt_dir: Path | None, folder: str) -> list[Path]:
    return [] if opt_dir is None else [opt_dir / folder]


def _reserved(function: Function, interpreter: Path) -> dict[str, str]:
    return {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON_VERSION}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "LAMBDA_TASK_ROOT": str(function.code_dir),
        "LAMBDA_RUNTIME_DIR": str(interpreter.parent),
    }
