"""What is kept: observations on Delta Lake, statements in the ledger, SQL over both by DuckDB."""
