// The documentation page of the API; a file of its own, since the page may hold no script.
window.addEventListener("load", () => {
  const place = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    deepLinking: true,
    validatorUrl: null, // nothing is asked of other hosts
    tryItOutEnabled: true,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
