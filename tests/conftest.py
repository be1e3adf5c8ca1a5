"""What all tests share: property tests draw the same examples every time and are not timed."""

from hypothesis import settings

settings.register_profile("weft", deadline=None, derandomize=True, database=None)
settings.load_profile("weft")
