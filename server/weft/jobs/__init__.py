"""Durable jobs: the ledger, the files they make, and what runs next. Nothing here needs torch."""
