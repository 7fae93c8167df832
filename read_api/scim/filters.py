"""SCIM filters as SQL conditions that hold for the same resources as the library's own evaluator.

The library reads the grammar of RFC 7644 and knows the attributes; here each is only looked up.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from edge.scim.comparison import folded
from read_api.condition import FALSE, TRUE, Condition
from read_api.scim.attributes import Column, Kind, Layout, Many

MOST_TERMS: Final = 100

_ORDERINGS: Final = {
    CompareOperator.gt: ">",
    CompareOperator.ge: ">=",
    CompareOperator.lt: "<",
    CompareOperator.le: "<=",
}
_PARTS: Final = {
    CompareOperator.co: "strpos({}, %s) > 0",
    CompareOperator.sw: "starts_with({}, %s)",
    CompareOperator.ew: "right({}, length(%s)) = %s",
}
_ALWAYS_THERE: Final = {"schemas", "meta.location", "meta.version", "emails", "meta", "name"}


def condition_of(scim_filter: ScimFilter[Any], layout: Layout) -> Condition:
    """The condition on rows called `item`.

    Raises `InvalidFilterException` for what can't be compared, and for a filter of more than a
    hundred terms.
    """
    return _ToSql(scim_filter, layout).visit(scim_filter.ast)


class _ToSql(FilterVisitor[Condition]):
    """`within` is the attribute that a value selection selects from, `many` where its values are
    when there can be more than one."""

    def __init__(
        self,
        scim_filter: ScimFilter[Any],
        layout: Layout,
        within: AttrPath | None = None,
        many: Many | None = None,
    ) -> None:
        self._filter = scim_filter
        self._layout = layout
        self._within = within
        self._many = many
        self._terms = 0

    def visit(self, node: FilterNode) -> Condition:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise InvalidFilterException(detail=f"A filter has at most {MOST_TERMS} terms.")
        return super().visit(node)

    def visit_comparison(self, node: Comparison) -> Condition:
        binding = self._filter.resolve_comparison(self._path(node.attr_path), strict=False)
        if binding is None:
            return FALSE
        value = coerce_value(binding, node.value, node.op)
        head, _, part = binding.urn.rpartition(".")
        many = self._layout.many.get(head)
        if many is None:
            return _compared(self._column(binding), node.op, value)
        column = many.columns.get(part)
        if column is None:
            raise _unfilterable(binding)
        if self._many is not None:
            return _compared(column, node.op, value)
        return _any_compared(many, column, node.op, value)

    def visit_present(self, node: Present) -> Condition:
        binding = self._filter.resolve(self._path(node.attr_path), strict=False)
        if binding is None:
            return FALSE
        head, _, part = binding.urn.rpartition(".")
        if self._many is not None:
            return TRUE if part in self._many.columns else FALSE
        many = self._layout.many.get(binding.urn) or self._layout.many.get(head)
        return _exists(many, TRUE) if many else self._present(binding)

    def visit_not(self, node: Not) -> Condition:
        inner = self.visit(node.expr)
        return Condition(f"NOT coalesce({inner.sql}, false)", inner.params)

    def visit_logical_expr(self, node: LogicalExpr) -> Condition:
        word = " AND " if node.op == LogicalOperator.and_ else " OR "
        return _joined(word, map(self.visit, node.terms))

    def visit_value_path(self, node: ValuePath) -> Condition:
        binding = self._filter.resolve(node.attr_path, strict=False)
        if binding is None:
            return FALSE
        many = self._layout.many.get(binding.urn)
        inner = _ToSql(self._filter, self._layout, node.attr_path, many).visit(node.val_filter)
        return _exists(many, inner) if many else inner

    def _path(self, path: AttrPath) -> AttrPath:
        if self._within is None:
            return path
        return AttrPath(self._within.attr, path.attr, self._within.uri)

    def _present(self, binding: AttributeBinding) -> Condition:
        columns = self._layout.columns
        if binding.urn in columns:
            return _there(columns[binding.urn])
        parts = [each for urn, each in columns.items() if urn.startswith(f"{binding.urn}.")]
        if parts:
            return _joined(" OR ", map(_there, parts))
        if binding.urn.rpartition(":")[2] in _ALWAYS_THERE:
            return TRUE
        raise _unfilterable(binding)

    def _column(self, binding: AttributeBinding) -> Column:
        column = self._layout.columns.get(binding.urn)
        if column is None:
            raise _unfilterable(binding)
        return column


def _unfilterable(binding: AttributeBinding) -> InvalidFilterException:
    return InvalidFilterException(detail=f"Nothing can be filtered by {binding.urn}.")


def _joined(word: str, conditions: Iterable[Condition]) -> Condition:
    terms = list(conditions)
    params = tuple(param for term in terms for param in term.params)
    return Condition(f"({word.join(term.sql for term in terms)})", params)


def _there(column: Column) -> Condition:
    return TRUE if column.required else Condition(f"{column.sql} IS NOT NULL")


def _exists(many: Many, inner: Condition) -> Condition:
    return Condition(
        f"EXISTS (SELECT FROM {many.source} AND coalesce({inner.sql}, false))", inner.params
    )


def _any_compared(many: Many, column: Column, op: CompareOperator, value: Any) -> Condition:
    """Whether any value compares so; `ne`: whether none is equal."""
    if value is None:
        some = _exists(many, TRUE)
        none = Condition(f"NOT {some.sql}", some.params)
        return {CompareOperator.eq: none, CompareOperator.ne: some}.get(op, FALSE)
    if op == CompareOperator.ne:
        equal = _exists(many, _compared(column, CompareOperator.eq, value))
        return Condition(f"NOT {equal.sql}", equal.params)
    return _exists(many, _compared(column, op, value))


def _compared(column: Column, op: CompareOperator, value: Any) -> Condition:
    if value is None:
        absent = {
            CompareOperator.eq: f"{column.sql} IS NULL",
            CompareOperator.ne: f"{column.sql} IS NOT NULL",
        }
        return Condition(absent.get(op, "false"))
    return _COMPARISONS[column.kind](column.sql, op, value)


def _compared_text(sql: str, op: CompareOperator, value: str) -> Condition:
    if op == CompareOperator.eq:
        return Condition(f"{sql} = %s", (value,))
    if op == CompareOperator.ne:
        return Condition(f"{sql} IS DISTINCT FROM %s", (value,))
    if op in _ORDERINGS:
        return Condition(f'{sql} COLLATE "C" {_ORDERINGS[op]} %s', (value,))
    pattern = _PARTS[op]
    return Condition(pattern.format(sql), (value,) * pattern.count("%s"))


def _compared_folded(sql: str, op: CompareOperator, value: Any) -> Condition:
    return _compared_text(sql, op, folded(str(value)))


def _compared_exactly(sql: str, op: CompareOperator, value: Any) -> Condition:
    return _compared_text(sql, op, str(value))


def _compared_id(sql: str, op: CompareOperator, value: Any) -> Condition:
    """By the index where it can be: what isn't the usual form of an id is nobody's."""
    if op not in {CompareOperator.eq, CompareOperator.ne}:
        return _compared_text(f"{sql}::text", op, str(value))
    try:
        id = UUID(str(value))
    except ValueError:
        id = None
    if id is None or str(id) != value:
        return FALSE if op == CompareOperator.eq else TRUE
    sign = "=" if op == CompareOperator.eq else "IS DISTINCT FROM"
    return Condition(f"{sql} {sign} %s", (id,))


def _compared_switch(sql: str, op: CompareOperator, value: Any) -> Condition:
    sign = "=" if op == CompareOperator.eq else "IS DISTINCT FROM"
    return Condition(f"{sql} {sign} %s", (bool(value),))


def _compared_instant(sql: str, op: CompareOperator, value: Any) -> Condition:
    if not isinstance(value, datetime):
        raise InvalidFilterException(detail="Instants have no parts to compare.")
    instant = value if value.tzinfo else value.replace(tzinfo=UTC)
    signs = {CompareOperator.eq: "=", CompareOperator.ne: "IS DISTINCT FROM", **_ORDERINGS}
    return Condition(f"{sql} {signs[op]} %s", (instant,))


_COMPARISONS: Final[dict[Kind, Callable[[str, CompareOperator, Any], Condition]]] = {
    Kind.FOLDED: _compared_folded,
    Kind.EXACT: _compared_exactly,
    Kind.ID: _compared_id,
    Kind.SWITCH: _compared_switch,
    Kind.INSTANT: _compared_instant,
}
