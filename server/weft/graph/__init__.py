"""The workflow document, and what is known of it before anything runs."""
