// The API's reference, drawn from this server's own description of itself.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", validatorUrl: null });
