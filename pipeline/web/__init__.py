"""The face in the browser: pages for the clerk, served to this computer only."""
