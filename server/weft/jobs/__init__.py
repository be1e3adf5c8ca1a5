"""Durable jobs: the ledger, the files they make, and the choice of what runs next. Nothing here needs torch."""
