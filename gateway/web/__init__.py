"""HTTP: the composition root, who is asking, the API and the pages."""
