"""Integrals for multistep coefficients, against exact answers."""

import math

import pytest
from weft_nodes.diffusion.quadrature import integrate, lagrange_integrals


@pytest.mark.parametrize("degree", range(16))
def test_polynomials_up_to_degree_fifteen_are_integrated_exactly(degree: int) -> None:
    exact = (2.0 ** (degree + 1) - (-1.0) ** (degree + 1)) / (degree + 1)

    assert integrate(lambda at: at**degree, -1.0, 2.0) == pytest.approx(exact, rel=1e-13)


def test_an_exponential_is_integrated_to_rounding() -> None:
    assert integrate(math.exp, 2.0, -1.0) == pytest.approx(math.exp(-1) - math.exp(2), rel=1e-13)


def test_a_single_node_counts_for_the_whole_interval() -> None:
    assert lagrange_integrals([7.0], 3.0, 1.0) == pytest.approx([-2.0])


def test_two_even_nodes_give_the_adams_bashforth_weights() -> None:
    assert lagrange_integrals([1.0, 0.0], 1.0, 2.0) == pytest.approx([3 / 2, -1 / 2])


def test_four_even_nodes_give_the_adams_bashforth_weights() -> None:
    expected = [55 / 24, -59 / 24, 37 / 24, -9 / 24]

    assert lagrange_integrals([3.0, 2.0, 1.0, 0.0], 3.0, 4.0) == pytest.approx(expected)


def test_a_weighted_integral_of_the_interpolated_function_is_exact() -> None:
    nodes = [0.2, 0.9, 1.7]
    weights = lagrange_integrals(nodes, -0.5, 0.2, weight=math.exp)

    total = sum(weight * node**2 for weight, node in zip(weights, nodes, strict=True))

    # The antiderivative of x^2 e^x is (x^2 - 2x + 2) e^x.
    ends = [(at**2 - 2 * at + 2) * math.exp(at) for at in (0.2, -0.5)]
    assert total == pytest.approx(ends[0] - ends[1], rel=1e-12)
