"""Members in the store: sign-ups, households and accounts, codes, attempts, retention. No table names anybody."""
