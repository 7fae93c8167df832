"""The page behind a mailed link: it takes a new password, and the token from the link's fragment.

A fragment is never sent to a server, so the token gets into no log on the way of the link.
"""

import base64
import hashlib

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem}"
    "input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.25rem 0 1rem}"
)
_SCRIPT = """
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const form = document.querySelector("form"), said = document.querySelector("output");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.password.value !== form.again.value) { said.value = "These are two passwords."; return; }
  const answer = await fetch("/password-reset/" + encodeURIComponent(token), {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({password: form.password.value}),
  });
  if (answer.ok) form.hidden = true;
  const done = "Your new password is set. Log in with it.";
  said.value = answer.ok ? done : (await answer.json()).detail;
});
"""

PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Choose a new password</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Choose a new password</h1>
<form>
<label>New password
<input name="password" type="password" autocomplete="new-password" minlength="8" required></label>
<label>Once more
<input name="again" type="password" autocomplete="new-password" minlength="8" required></label>
<button>Set password</button>
</form>
<output></output>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _source(inline: str) -> str:
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {_source(_STYLE)};"
        " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
