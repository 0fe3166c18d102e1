"""Named SQL statements, read from the `.sql` files that the rooms of PostgreSQL keep beside them.

A file holds any number of statements. Each begins with a line `-- name: the_name`, then prose in
comments, then the statement.
"""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_statements(package: str, file_name: str) -> Mapping[str, str]:
    """The statements of one `.sql` file in `package`, by name, in the order of the file.

    Raises:
        ValueError: the file has text before its first name, or a name twice.
    """
    text = (files(package) / file_name).read_text(encoding="utf-8")
    head, *rest = _NAME.split(text)
    names, bodies = rest[::2], rest[1::2]
    if head.strip() or len(set(names)) != len(names):
        raise ValueError(f"{file_name}: every statement needs a name of its own")
    return {name: body.strip().removesuffix(";") for name, body in zip(names, bodies, strict=True)}
