"""Templates that are made for one language: a text that is asked for by its key is put in for good.

    {{ t("area.my") }}      becomes `My learning` when the template is compiled
    {{ t("due", at=x) }}    stays a call

Jinja asks its context about each call, which takes longer than what a page calls: its own words,
dates and components are called as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

# What every template has, and no template gives another meaning.
OURS: Final = frozenset({"t", "count", "static", "locale", "ui", "chart"})


class Compiled(BytecodeCache):
    """What several environments have of the same files, compiled once and kept in memory."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


class Templates(Environment):
    """Everything is escaped, and nothing may be undefined. `constants` are functions by name that
    say the same for the same word: they are called when a template is compiled. So environments
    share what is `compiled` only if theirs say the same.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        constants: Mapping[str, Callable[[str], str]],
        compiled: Compiled,
    ) -> None:
        super().__init__(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=compiled,
        )
        self._fold = _Fold(constants)

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        return super()._generate(self._fold.visit(source), *arguments, **options)

    @staticmethod
    def plain(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)


class _Fold(NodeTransformer):
    def __init__(self, constants: Mapping[str, Callable[[str], str]]) -> None:
        self._constants = constants

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - jinja's name
        self.generic_visit(node)
        match node:
            case nodes.Call(
                node=nodes.Name(name=name), args=[nodes.Const(value=str(key))], kwargs=[]
            ) if name in self._constants:
                return nodes.Const(self._constants[name](key), lineno=node.lineno)
        return node


class _Generator(CodeGenerator):
    def visit_Call(  # noqa: N802 - jinja's name
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        if not _is_ours(node.node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("environment.plain(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")


def _is_ours(called: nodes.Expr) -> bool:
    named = called.node if isinstance(called, nodes.Getattr) else called
    return isinstance(named, nodes.Name) and named.name in OURS


Templates.code_generator_class = _Generator
