"""Plans in the store: the one that holds on a day, drafts with their log, and publishing."""
