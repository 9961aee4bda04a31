"""Rules of household counts: what is known, what is unknown, and how counts are summed. No I/O."""
