"""How the server runs: its worker processes, how they are watched and limited, and what they tell of themselves."""
