"""The ledger: a SQLite database that knows every job, event, asset and saved workflow."""
