"""What can go wrong with a sector index, a class for each."""

__all__ = ["CoordinateError", "IndexFileError", "LayerError", "SectorIndexError"]


class SectorIndexError(ValueError):
    """Anything that a sector index refuses."""


class LayerError(SectorIndexError):
    """The sectors cannot be indexed: a code, a shape or the CRS is missing, doubled or broken."""


class CoordinateError(SectorIndexError):
    """A query's coordinates are not finite numbers, or not arrays of float64 of one shape."""


class IndexFileError(SectorIndexError):
    """A file is no sector index, is of another version, or is damaged."""
