"""The API under /v1, a file a resource: routes check the form, call one service, choose the answer."""
