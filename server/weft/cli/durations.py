"""Seconds as a person reads them."""


def in_words(seconds: float) -> str:
    """Write a duration.

    Args:
        seconds: The duration, 0 or more.

    Returns:
        Such as `under 0.1 s`, `12.3 s`, `2 min 5 s` or `1 h 12 min`.
    """
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
