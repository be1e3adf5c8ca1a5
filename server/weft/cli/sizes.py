"""Bytes as a person reads them."""

UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def size_in_words(size: int) -> str:
    """Write an amount of memory.

    Args:
        size: The bytes, 0 or more.

    Returns:
        Such as `640 bytes`, `196 kB`, `1.2 MB` or `24 GB`: two digits at least, and no more than are of use.
    """
    for unit, factor in UNITS:
        # What rounds up to a thousand of a unit is one of the next.
        if size >= 0.9995 * factor:
            count = size / factor
            return f"{count:.1f} {unit}" if count < 9.95 else f"{count:.0f} {unit}"
    return f"{size} bytes"
