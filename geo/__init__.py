"""Pure geometry and matching, in memory: CRS, the sector index, address matching. Imports no other room."""
