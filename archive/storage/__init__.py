"""The database below the archive: tables, types, engine, transactions, schema and its migrations."""
