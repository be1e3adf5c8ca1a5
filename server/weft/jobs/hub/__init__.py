"""Model files: what there is, and what is fetched from a hub, checked on the way."""
