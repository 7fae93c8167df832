// Before each request: log in whoever it is sent as, and ask for what was written before.
// A request is sent as a role when its token is {{<role>_token}}.
const parameters = pm.request.auth && pm.request.auth.parameters();
const role = (/^\{\{(\w+)_token\}\}$/.exec((parameters && parameters.get('token')) || '') || [])[1];
const goodUntil = Number(pm.collectionVariables.get(`${role}_token_until`) || 0);

if (role && !(pm.collectionVariables.get(`${role}_token`) && Date.now() < goodUntil)) {
  pm.sendRequest({
    url: `${pm.variables.get('base_url')}/login`,
    method: 'POST',
    header: { 'Content-Type': 'application/json' },
    body: {
      mode: 'raw',
      raw: JSON.stringify({
        username: pm.variables.get(`${role}_username`),
        password: pm.variables.get(`${role}_password`) || pm.variables.get('password'),
      }),
    },
  }, (error, answer) => {
    if (error || answer.code !== 200) {
      throw new Error(`No log-in as ${role}: ${error || answer.text()}`);
    }
    const tokens = answer.json();
    pm.collectionVariables.set(`${role}_token`, tokens.access_token);
    pm.collectionVariables.set(`${role}_token_until`, Date.now() + (tokens.expires_in - 60) * 1000);
  });
}

const position = pm.collectionVariables.get('position');
if (position && pm.request.method === 'GET') {
  pm.request.headers.upsert({ key: 'Lms-Min-Position', value: position });
}
