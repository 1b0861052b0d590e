// Everything the page needs comes from this origin. The bundle could also send
// telemetry, fetch fonts, relay requests through a proxy and talk to an
// assistant of its vendor; all of that is off, and the page's
// Content-Security-Policy would refuse it.
Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
  persistAuth: false,
  theme: 'default',
  defaultOpenAllTags: false,
  // Fields in the order of the document, after the required ones: the page folds
  // up all that follow the twelfth.
  orderSchemaPropertiesBy: 'preserve',
});
