// After each request: keep the position of a command, and look at what every answer has.
const position = pm.response.headers.get('Lms-Position');
if (position) {
  pm.collectionVariables.set('position', position);
}
pm.test('it has a correlation id', () => pm.response.to.have.header('X-Correlation-ID'));
const isScim = pm.request.url.getPath().startsWith('/scim/');
if (pm.response.code >= 400 && isScim) {
  pm.test('what is wrong is told as SCIM tells it', () => {
    pm.expect(pm.response.headers.get('Content-Type')).to.equal('application/scim+json');
    pm.expect(pm.response.json()).to.include.all.keys('schemas', 'status', 'detail');
  });
} else if (pm.response.code >= 400) {
  pm.test('what is wrong is told as a problem', () => {
    pm.expect(pm.response.headers.get('Content-Type')).to.equal('application/problem+json');
    pm.expect(pm.response.json()).to.include.all.keys('type', 'title', 'status', 'detail', 'correlation_id');
  });
}
