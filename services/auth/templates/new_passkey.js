// Makes a passkey by what the page says, and sends it with the form.
"use strict";
{
  const form = document.getElementById("new-passkey");
  const problem = document.getElementById("passkey-problem");
  const missing = document.getElementById("passkey-missing");

  const send = async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(form.dataset.options));
    const credential = await navigator.credentials.create({ publicKey });
    form.elements.credential.value = JSON.stringify(credential);
    // No event of its own: it does not come here again.
    form.submit();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    send().catch(() => { problem.hidden = false; });
  });
  form.hidden = !window.PublicKeyCredential?.parseCreationOptionsFromJSON;
  missing.hidden = !form.hidden;
}
