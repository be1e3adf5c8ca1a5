"""weft: an engine, a plugin SDK and a server for typed node graphs."""
