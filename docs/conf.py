"""Builds the documentation: sphinx-build -W docs site."""

project = "practice"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "practice"
html_show_copyright = False
html_show_sphinx = False
exclude_patterns = ["pictures"]
myst_heading_anchors = 3
