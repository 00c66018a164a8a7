"""Print: the notice, its large-type twin and the poster, set by Typst."""
