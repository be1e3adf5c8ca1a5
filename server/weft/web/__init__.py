"""The HTTP face: routes by noun, their wire models, streams, and what guards them. Nothing needs torch."""
