"""The engine: runs a graph of nodes, reuses what it already knows, and says why."""
