# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small mistakes in Python source: find all that a file can have, and pick some of them."""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_CONDITIONAL = (ast.If, ast.While, ast.IfExp, ast.Assert)
# Conditions of these kinds have mutants of their own.
_NEGATED_OTHERWISE = (ast.Compare, ast.BoolOp)
# A deleted assignment to a plain name gives a NameError, which every test sees.
_STORED_ELSEWHERE = (ast.Attribute, ast.Subscript)


@dataclass(frozen=True)
class Mutant:
    """One mistake: the bytes ``start`` to ``end`` of the file ``path`` are replaced with ``new``."""

    path: str
    line: int
    kind: str
    start: int
    end: int
    old: str
    new: str

    def apply(self, source: bytes) -> bytes:
        """Return the source of the file with the mistake in it."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants(path: str, source: bytes) -> list[Mutant]:
    """List all mutants of a file, in the order of the file. All else of its text stays, comments too."""
    lengths = (len(line) for line in source.splitlines(keepends=True))
    offsets = list(itertools.accumulate(lengths, initial=0))
    found = []
    for kind, node, new in _mistakes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = offsets[node.lineno - 1] + node.col_offset
        end = offsets[node.end_lineno - 1] + node.end_col_offset
        text = ast.unparse(new)
        if isinstance(new, ast.expr):
            text = f"({text})"
        found.append(Mutant(path, node.lineno, kind, start, end, " ".join(source[start:end].decode().split()), text))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.kind, mutant.new))


def pick(sources: Mapping[str, bytes], count: int, seed: str) -> list[Mutant]:
    """Pick ``count`` mutants, or all if there are fewer. No file gives two before each one has given one.

    The same seed gives the same mutants of a file, whatever becomes of other files.
    """
    queues = []
    for path in sorted(sources):
        queue = mutants(path, sources[path])
        random.Random(f"{seed} {path}").shuffle(queue)
        queues.append(queue)
    random.Random(seed).shuffle(queues)
    rounds = itertools.chain.from_iterable(itertools.zip_longest(*queues))
    return list(itertools.islice(filter(None, rounds), count))


_Found = Iterator[tuple[str, ast.expr | ast.stmt, ast.expr | ast.stmt]]


def _mistakes(tree: ast.AST) -> _Found:
    """Yield the kind of each mistake, the node that it replaces, and the node in its place."""
    for node in _code(tree):
        if isinstance(node, ast.Compare):
            yield from _in_comparison(node)
        elif isinstance(node, ast.BoolOp):
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and/or", node, ast.BoolOp(other, node.values)
            yield "order of and/or", node, ast.BoolOp(node.op, node.values[::-1])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield "not", node, node.operand
        elif isinstance(node, ast.BinOp) and (sign := _other_sign(node.op)):
            if any(_is_number(side) for side in (node.left, node.right)):
                yield "sign", node, ast.BinOp(node.left, sign, node.right)
        elif isinstance(node, ast.stmt):
            yield from _in_statement(node)
        for test in _tests(node):
            if not isinstance(test, _NEGATED_OTHERWISE) and not _is_not(test):
                yield "condition", test, ast.UnaryOp(ast.Not(), test)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through what is executed. Positions in f-strings are wrong before Python 3.12, so these are left out."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr) or _is_for_types(child):
                continue
            yield child
            yield from _code(child)


def _in_comparison(node: ast.Compare) -> _Found:
    for index, operator in enumerate(node.ops):
        operators = [*node.ops[:index], _COMPARE[type(operator)](), *node.ops[index + 1 :]]
        yield "comparison", node, ast.Compare(node.left, operators, node.comparators)
    for side in (node.left, *node.comparators):
        for part in side.elts if isinstance(side, ast.Tuple | ast.Set | ast.List) else [side]:
            if isinstance(part, ast.Constant) and (other := _other_constant(part.value)) is not None:
                yield "constant", part, ast.Constant(other)


def _in_statement(node: ast.stmt) -> _Found:
    deleted = isinstance(node, ast.Raise | ast.Delete | ast.Break | ast.Continue | ast.AugAssign)
    if isinstance(node, ast.Expr):
        deleted = isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom)
    elif isinstance(node, ast.Assign):
        deleted = any(isinstance(target, _STORED_ELSEWHERE) for target in node.targets)
    elif isinstance(node, ast.AnnAssign):
        deleted = node.value is not None and isinstance(node.target, _STORED_ELSEWHERE)
    if deleted:
        yield "deleted", node, ast.Pass()
    if isinstance(node, ast.AugAssign) and _is_number(node.value) and (sign := _other_sign(node.op)):
        yield "sign", node, ast.AugAssign(node.target, sign, node.value)
    if isinstance(node, ast.Return) and node.value is not None:
        value = node.value.value if isinstance(node.value, ast.Constant) else ...
        if value is not None:
            yield "return", node, ast.Return(ast.Constant(not value if isinstance(value, bool) else None))


def _tests(node: ast.AST) -> Iterable[ast.expr]:
    if isinstance(node, _CONDITIONAL):
        return [node.test]
    return node.ifs if isinstance(node, ast.comprehension) else []


def _other_constant(value: object) -> str | bytes | float | None:
    """Return another constant of the type, or None if there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return value + b"x" if isinstance(value, bytes) else None


def _other_sign(operator: ast.operator) -> ast.operator | None:
    if isinstance(operator, ast.Add):
        return ast.Sub()
    return ast.Add() if isinstance(operator, ast.Sub) else None


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
