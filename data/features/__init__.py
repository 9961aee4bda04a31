"""Features for GIS: what there is of sectors, municipalities, buurten and plans, asked for by place, day and filter."""
