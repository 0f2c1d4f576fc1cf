// Requests to the server: JSON in, JSON out, refusals as errors with a sentence.

export class Refused extends Error {
  constructor(status, sentence, state) {
    super(sentence);
    this.status = status;
    this.state = state;
  }
}

export function api(csrf) {
  return async function ask(method, path, body) {
    const options = { method, headers: { accept: "application/json" }, credentials: "same-origin" };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    if (method !== "GET") options.headers["x-csrf"] = csrf;
    const response = await fetch(path, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response.status, answer.error ?? "The server did not answer.", answer.state);
    return answer;
  };
}
