"""What annotators draw: categories, boxes and polygons, and the formats they come and go in. Pure."""
