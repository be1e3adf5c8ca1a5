"""Models as values: immutable handles on wires, and one store per worker that owns the live modules.

A handle says which weights (by content) and which patches; the store turns it into a live network by a light
clone that shares the weights. What is particular to a model family comes in through `adapter.Family`.
"""
