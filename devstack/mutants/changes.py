"""The changes that mutation testing makes to one source file, each with a name that survives moved lines."""

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
#: What they say or record for a developer is not promised.
UNPROMISED = {
    "log",
    "logger",
    "_",
    "gettext",
    "ngettext",
    "pgettext",
    "dataclass",
    "lru_cache",
    "TypeVar",
    "ParamSpec",
}
NUMBER = re.compile(r"-?\d+(\.\d+)?")
#: Scripts that Valkey runs are text here; these are their comparisons and sums.
LUA = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "~=",
    "~=": "==",
    "+": "-",
    "-": "+",
    "and": "or",
    "or": "and",
}
LUA_OPERATOR = re.compile(rb"(?<= )(<=?|>=?|==|~=|\+|-|and|or)(?= )")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file. `file`, `inside` and `change` name it in the list of equivalent ones."""

    file: str
    line: int
    inside: str  # the function, dotted; empty at module level
    change: str
    start: int  # what is replaced, in bytes of the source
    end: int
    text: str
    reach: tuple[
        int, int
    ]  # the lines of which one runs whenever the changed code runs; (0, 0) for the whole file
    source: bytes = field(repr=False, compare=False)

    @property
    def name(self) -> tuple[str, str, str]:
        return self.file, self.inside, self.change

    def applied(self) -> bytes:
        """The source with this change."""
        return self.source[: self.start] + self.text.encode() + self.source[self.end :]


def mutants(file: str, source: bytes) -> list[Mutant]:
    """Every change of one file, in the order of the source; the second of the same name in a function ends in (2)."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for mutant in _Finder(file, source).found(ast.parse(source), "", (0, 0)):
        seen[mutant.name] += 1
        again = seen[mutant.name]
        found.append(mutant if again == 1 else replace(mutant, change=f"{mutant.change} ({again})"))
    return found


class _Finder:
    def __init__(self, file: str, source: bytes) -> None:
        self.file = file
        self.source = source
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def found(self, node: ast.AST, inside: str, reach: tuple[int, int]) -> Iterator[Mutant]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{inside}.{node.name}".lstrip(".")
            for part in [*node.decorator_list, *_signature(node)]:
                yield from self.found(part, inner, reach)
            for part in node.body:
                yield from self.found(part, inner, reach)
            return
        if isinstance(node, ast.stmt) and inside:
            first = getattr(node, "body", None)
            last = first[0].lineno - 1 if first else node.end_lineno
            reach = (node.lineno, max(node.lineno, last or node.lineno))
        if _unpromised(node):
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "redis.call" in node.value:
            yield from self.in_lua(node, inside, reach)
        for change, changed, replaced in _changes(node):
            yield self.mutant(change, changed, replaced, inside, reach)
        for name, value in ast.iter_fields(node):
            if name not in {"annotation", "returns", "type_comment"}:
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        yield from self.found(child, inside, reach)

    def in_lua(self, node: ast.Constant, inside: str, reach: tuple[int, int]) -> Iterator[Mutant]:
        start, end = self.span(node)
        for match in LUA_OPERATOR.finditer(self.source, start, end):
            line_start = self.source.rindex(b"\n", 0, match.start()) + 1
            line = self.source[line_start : self.source.index(b"\n", match.end())].decode().strip()
            number = self.source.count(b"\n", 0, match.start()) + 1
            other = LUA[match[0].decode()]
            change = f"{line}: {match[0].decode()} -> {other}"
            if not line.startswith("--"):
                yield Mutant(
                    self.file, number, inside, change, match.start(), match.end(), other, reach, self.source
                )

    def mutant(
        self, change: str, changed: str, node: ast.expr | ast.stmt, inside: str, reach: tuple[int, int]
    ) -> Mutant:
        return Mutant(self.file, node.lineno, inside, change, *self.span(node), changed, reach, self.source)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        start = self.lines[node.lineno - 1] + node.col_offset
        return start, self.lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    if isinstance(node, ast.ClassDef):
        return [*node.keywords]
    return [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]


def _unpromised(node: ast.AST) -> bool:
    """Texts, types, logging: changed, they break no promise. In f-strings, Python 3.11 knows no positions."""
    if isinstance(node, ast.keyword):
        return node.arg == "strict"  # of zip: it finds mistakes of ours, and there are none while tests pass
    if isinstance(node, ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id.startswith("__") for target in node.targets)
    if isinstance(node, ast.Call):
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return isinstance(called, ast.Name) and called.id in UNPROMISED
    return isinstance(node, ast.Name) and node.id in UNPROMISED


def _changes(node: ast.AST) -> Iterator[tuple[str, str, ast.expr | ast.stmt]]:
    """(what changes, the new text, the node it replaces)."""
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield f"return {_brief(node.value)} -> return None", "None", node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _unpromised(node.value):
        yield f"{_brief(node.value)} -> nothing", "pass", node
    elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        other = ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
        yield f"{_brief(node)} -> {_brief(other)}", ast.unparse(other), node
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg and not _unpromised(keyword):
                call = copy.copy(node)
                call.keywords = [kept for kept in node.keywords if kept is not keyword]
                yield (
                    f"{_brief(node.func)}(...) without {_brief(keyword)}",
                    f"({ast.unparse(call)})",
                    node,
                )
    elif isinstance(node, ast.Set | ast.List) and node.lineno != node.end_lineno:
        for element in node.elts:
            rest = type(node)(elts=[other for other in node.elts if other is not element])
            yield f"{_brief(node)} without {_brief(element)}", ast.unparse(rest), node
    elif isinstance(node, ast.expr) and not _formats(node):
        for changed in _expressions(node):
            yield f"{_brief(node)} -> {_brief(changed)}", f"({ast.unparse(changed)})", node


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(
                    node.left, [*node.ops[:index], other(), *node.ops[index + 1 :]], node.comparators
                )
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in _constants(node.value))


def _constants(value: object) -> Iterator[bool | int | float | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, str) and NUMBER.fullmatch(value):
        yield str(float(value) + 1) if "." in value else str(int(value) + 1)


def _formats(node: ast.expr) -> bool:
    """Whether it fills in a text: `_("...") % values`."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and not isinstance(node.right, ast.Constant)
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _brief(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 90 else f"{text[:60]} ... {text[-25:]}"
