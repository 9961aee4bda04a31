"""OGC API: features and tiles for GIS, in their forms, CRS and languages."""
