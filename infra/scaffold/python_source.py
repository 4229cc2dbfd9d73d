"""Insert code into Python files, at places found in their syntax tree."""

import ast


def names_in(source: str) -> set[str]:
    """Return the names that a module defines or imports."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                names |= {each.asname or each.name for each in imported}
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return names


def with_imports(source: str, *imports: str) -> str:
    """Return a module with further imports; ruff sorts and merges them afterwards."""
    body = ast.parse(source).body
    found = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    last = found[-1] if found else body[0]  # a module has a docstring
    assert last.end_lineno is not None
    return _inserted(source, last.end_lineno, "\n".join(imports))


def with_operation(source: str, code: str) -> str:
    """Return a module with a function after its last operation."""
    ends = [
        node.end_lineno or 0
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(each).startswith("operation(") for each in node.decorator_list)
    ]
    at = max(ends) if ends else len(source.splitlines())
    return _inserted(source, at, f"\n\n{code}\n\n")


def with_entry(source: str, table: str, entry: str, after: set[str]) -> str:
    """Return a module with an entry in a dictionary.

    Args:
        source: the module's text.
        table: the name of the dictionary.
        entry: the entry's source.
        after: the keys that it should follow; the end of the dictionary if none is there.
    """
    for node in ast.parse(source).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict() as found):
                if name == table:
                    return _inserted(source, _line_for(found, after), entry)
    raise LookupError(f"no dictionary {table}")


def _line_for(table: ast.Dict, after: set[str]) -> int:
    """Return the line after which an entry is inserted."""
    values = [
        value
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in after
    ]
    last = (values or table.values)[-1]
    assert last.end_lineno is not None
    return last.end_lineno


def _inserted(source: str, line: int, text: str) -> str:
    lines = source.splitlines()
    return "\n".join([*lines[:line], text, *lines[line:]]) + "\n"
