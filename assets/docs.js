// Starts the viewer. In a file of its own, for the page's policy allows no script inside it.
"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // Nothing leaves this server: no validator of others, no token kept in the browser.
  validatorUrl: null,
  persistAuthorization: false,
});
