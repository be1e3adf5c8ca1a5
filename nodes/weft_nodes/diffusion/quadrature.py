"""Integrals that multistep samplers need for their coefficients, in plain floats."""

from collections.abc import Callable, Sequence

# Eight-point Gauss-Legendre rule on -1..1 (Abramowitz & Stegun, table 25.4): exact for polynomials of degree
# 15, and to rounding for the exponentials of one sampling step.
_POINTS = (
    (0.1834346424956498, 0.3626837833783620),
    (0.5255324099163290, 0.3137066458778873),
    (0.7966664774136267, 0.2223810344533745),
    (0.9602898564975363, 0.1012285362903763),
)


def integrate(function: Callable[[float], float], start: float, stop: float) -> float:
    """Integrate a smooth function.

    Args:
        function: The integrand.
        start: Lower end.
        stop: Upper end; may lie below `start`.

    Returns:
        The integral from start to stop.
    """
    half, middle = (stop - start) / 2, (start + stop) / 2
    total = 0.0
    for point, weight in _POINTS:
        total += weight * (function(middle - half * point) + function(middle + half * point))
    return half * total


def lagrange_integrals(
    nodes: Sequence[float],
    start: float,
    stop: float,
    *,
    weight: Callable[[float], float] | None = None,
) -> list[float]:
    """Integrate each Lagrange polynomial of a set of nodes.

    Args:
        nodes: Where the interpolated function is known; all different.
        start: Lower end.
        stop: Upper end.
        weight: Factor of the integrand; None is 1.

    Returns:
        One integral per node: what its value counts for in the integral of the interpolation.
    """

    def polynomial(index: int) -> Callable[[float], float]:
        own, others = nodes[index], [node for other, node in enumerate(nodes) if other != index]

        def value(at: float) -> float:
            product = 1.0 if weight is None else weight(at)
            for node in others:
                product *= (at - node) / (own - node)
            return product

        return value

    return [integrate(polynomial(index), start, stop) for index in range(len(nodes))]
