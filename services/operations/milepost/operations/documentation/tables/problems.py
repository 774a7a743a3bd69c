"""Each problem type that a refusal becomes: its status, its members and what it means."""

from dataclasses import fields, is_dataclass
from typing import Any

from milepost.events.event import Refused
from milepost.operations.documentation.tables.imported import heirs, import_all
from milepost.operations.documentation.tables.markdown import code, doc_of, table
from milepost.web.problems import problem_of


def problems() -> str:
    import_all()
    rows: dict[str, tuple[str, str, str, str]] = {}
    for refusal in heirs(Refused):
        kind: Any = refusal
        if is_dataclass(kind):
            problem = problem_of(refusal.__new__(refusal))
            members = ", ".join(code(field.name) for field in fields(kind))
            rows[problem.name] = (code(problem.name), str(problem.status), members, doc_of(refusal))
    return table(("type", "status", "members", "means"), [rows[name] for name in sorted(rows)])
