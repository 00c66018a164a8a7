"""The file format itself: packages, XML parts, styles and cells, as hostile as people send them."""
