"""Money is decimal: no binary number stands anywhere in the room, and rounding goes where the book says."""

import ast
from decimal import Decimal, FloatOperation
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api.quoting
import data.quotes
import data.store.licence_models
import licensing
from licensing.money import Rounding, RoundingMode, exact_arithmetic

ROOM = Path(licensing.__file__).parent
EDGES = Path(api.quoting.__file__).parent
FILES = [
    *ROOM.rglob("*.py"),
    *Path(data.quotes.__file__).parent.rglob("*.py"),
    Path(data.store.licence_models.__file__),
    *EDGES.glob("quot*.py"),
    *(EDGES / "routes").glob("quote*.py"),
    *(EDGES / "routes" / f"{name}.py" for name in ("price_books", "licences")),
    *(EDGES / "cli" / f"{name}.py" for name in ("quotes", "comparing", "offers", "licences", "pricebooks")),
]
"""The room, the store of quotes, and the edges at which an amount becomes JSON, CSV or a line on the terminal."""


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.name)
def test_no_binary_number_is_written_where_money_passes(path: Path) -> None:
    faults = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))
        named = isinstance(node, ast.Name) and node.id in {"float", "complex"}
        attribute = isinstance(node, ast.Attribute) and node.attr.startswith("float")
        imported = isinstance(node, (ast.Import, ast.ImportFrom)) and any(
            name in {"math", "cmath", "statistics", "random"}
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        )
        if literal or named or attribute or imported:
            faults.append(f"{path.name}:{getattr(node, 'lineno', '?')}")
    assert faults == []


def test_the_check_would_see_one() -> None:
    text = "price: float = 0.1"
    nodes = list(ast.walk(ast.parse(text)))
    assert any(isinstance(node, ast.Name) and node.id == "float" for node in nodes)
    assert any(isinstance(node, ast.Constant) and isinstance(node.value, float) for node in nodes)


def test_a_binary_number_in_a_calculation_raises() -> None:
    binary = 0.1
    with exact_arithmetic(), pytest.raises(FloatOperation):
        Decimal(binary)


@pytest.mark.parametrize(
    ("mode", "amount", "rounded"),
    [
        (RoundingMode.HALF_UP, "0.125", "0.13"),
        (RoundingMode.HALF_EVEN, "0.125", "0.12"),
        (RoundingMode.HALF_EVEN, "0.135", "0.14"),
        (RoundingMode.HALF_UP, "1.005", "1.01"),
        (RoundingMode.HALF_UP, "0.00499", "0.00"),
    ],
)
def test_half_a_cent_goes_where_the_book_says(mode: RoundingMode, amount: str, rounded: str) -> None:
    assert str(Rounding(mode=mode).apply(Decimal(amount))) == rounded


@given(st.integers(0, 10**15), st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal(1), Decimal(5)]))
def test_rounding_moves_by_half_a_unit_at_most_and_rests_there(units: int, unit: Decimal) -> None:
    rounding, amount = Rounding(unit), Decimal(units) / 10_000
    once = rounding.apply(amount)
    assert abs(once - amount) <= unit / 2
    assert once % unit == 0
    assert rounding.apply(once) == once
