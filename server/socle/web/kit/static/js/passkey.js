// Forms that a passkey answers: <form data-passkey="create" or "get" data-question="{the options}" or data-ask="/where">.
// The form is hidden until the browser is known to have passkeys; the answer goes into its field _credential.

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function question(form) {
  if (form.dataset.question) return JSON.parse(form.dataset.question);
  const answer = await fetch(form.dataset.ask, { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

// What JSON spells in letters, the browser wants as bytes.
function read(options) {
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const each of list ?? []) each.id = toBytes(each.id);
  }
  return options;
}

function written(credential) {
  const { response } = credential;
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = toText(response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: parts,
  });
}

function say(form, name) {
  const lines = [...form.querySelectorAll("[data-said]")];
  const line = lines.find((each) => each.dataset.said === name) ?? lines.at(-1);
  for (const each of lines) each.hidden = each !== line || name === "";
}

async function answer(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  say(form, "");
  try {
    const publicKey = read(await question(form));
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.namedItem("_credential").value = written(credential);
    form.submit();
  } catch (error) {
    say(form, error.name);
    button.disabled = false;
  }
}

if (window.PublicKeyCredential) {
  for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(form);
    });
  }
}
