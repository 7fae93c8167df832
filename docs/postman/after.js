// After each request: keep the position of a command, and look at what every answer has.
const position = pm.response.headers.get('Lms-Position');
if (position) {
  pm.collectionVariables.set('position', position);
}
pm.test('it has a correlation id', () => pm.response.to.have.header('X-Correlation-ID'));
if (pm.response.code >= 400) {
  pm.test('what is wrong is told as a problem', () => {
    pm.expect(pm.response.headers.get('Content-Type')).to.equal('application/problem+json');
    pm.expect(pm.response.json()).to.include.all.keys('type', 'title', 'status', 'detail', 'correlation_id');
  });
}
