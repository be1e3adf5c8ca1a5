"""The published models of every family, in full size and without storage: their configurations and sizes."""
