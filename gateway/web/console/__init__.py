"""The pages for people, rendered on the server; no script is needed to read them."""
