"""Sales in the store: published price books, quotes with numbers without gaps, licences."""
