"""Routes of what is kept: assets, saved workflows, models."""
