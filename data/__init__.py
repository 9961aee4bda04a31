"""Official sources, releases and the store: the room that knows files and databases."""
