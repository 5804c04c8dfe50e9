"""Charts of the pages, drawn as inline SVG."""
