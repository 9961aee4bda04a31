"""Vector tiles: what the map shows of sectors, municipalities, buurten, streets and house numbers."""
