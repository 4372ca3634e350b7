// Talking to the server: every answer is JSON or a fragment of HTML, every failure has words to show.

export class Refused extends Error {
  constructor(status, body) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export class Unreachable extends Error {}

// Tells the page that nobody is signed in any more, if that is what the server said.
export function lostSession(error) {
  if (error.status !== 401) return false;
  document.dispatchEvent(new CustomEvent("socle:session-lost", { detail: { sign_in: error.body.sign_in } }));
  return true;
}

export class Talk {
  constructor(token, words) {
    this.token = token;
    this.words = words;
  }

  json(path, options = {}) {
    return this.#ask(path, "application/json", options).then((answer) => answer.json());
  }

  html(path) {
    return this.#ask(path, "text/html", { headers: { "HX-Request": "true" } }).then((answer) => answer.text());
  }

  post(path, fields) {
    return this.json(path, { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRF-Token": this.token } });
  }

  async #ask(path, accept, options) {
    let answer;
    try {
      answer = await fetch(path, { ...options, headers: { Accept: accept, ...options.headers } });
    } catch {
      throw new Unreachable(this.words.unreachable);
    }
    if (answer.ok && !answer.redirected) return answer;
    throw new Refused(answer.status, await this.#body(answer));
  }

  async #body(answer) {
    const signIn = answer.headers.get("HX-Redirect");
    if (signIn) return { message: "", sign_in: signIn };
    try {
      return await answer.json();
    } catch {
      return { message: this.words.unreachable, hint: "" };
    }
  }
}
