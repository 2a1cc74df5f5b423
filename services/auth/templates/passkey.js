// Asks for a passkey, and sends it with the form. Without this script the pages do all else that they do with it.
"use strict";
{
  const form = document.getElementById("with-passkey");
  const problem = document.getElementById("passkey-problem");

  const send = async () => {
    const asked = await fetch("/v1/sessions/passkey-challenges", { method: "POST" });
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await asked.json());
    const credential = await navigator.credentials.get({ publicKey });
    form.elements.passkey.value = JSON.stringify(credential);
    // No event of its own: it does not come here again.
    form.submit();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    send().catch(() => { problem.hidden = false; });
  });
  form.hidden = !window.PublicKeyCredential?.parseRequestOptionsFromJSON;
}
