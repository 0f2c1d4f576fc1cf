// Requests to the server: JSON in, JSON out, refusals as errors with a sentence.

// The room says no; `state` is what stands instead.
export class Refused extends Error {
  constructor(status, sentence, state) {
    super(sentence);
    this.status = status;
    this.state = state;
  }
}

// Nobody is signed in any more, or somebody else is: the same can be asked again
// when whoever opened the page is back.
export class SignedOut extends Refused {
  constructor(sentence = "Please sign in again.") {
    super(401, sentence);
  }
}

// Nothing came back, or nothing that the room can have said: whether it was done
// is not known.
export class Unanswered extends Error {}

const FOREIGN = "Something else answered in place of the room (does your network ask you to sign in?).";

// Asks in the name of whoever opened the page: `page` is the element that has
// the person's name and the word that proves where a request comes from.
export function api(page) {
  async function send(method, path, body) {
    const headers = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (method !== "GET") headers["x-csrf"] = page.dataset.csrf;
    return reach(path, { method, headers, body: body && JSON.stringify(body) });
  }

  return async function ask(method, path, body) {
    let response = await send(method, path, body);
    const isOfNoSession = response.status === 401 || response.status === 403;
    if (method !== "GET" && isOfNoSession && (await renewed(page))) response = await send(method, path, body);
    return answered(response);
  };
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, credentials: "same-origin" });
  } catch {
    throw new Unanswered("No connection.");
  }
}

// What the room says. A proxy that answers a page of its own with 200 has not
// kept anything.
export async function answered(response) {
  if (response.status === 204) return {};
  const answer = await response.json().catch(() => null);
  if (response.status === 401) throw new SignedOut();
  if (!response.ok) throw new Refused(response.status, answer?.error ?? "The server did not answer.", answer?.state);
  if (answer === null || typeof answer !== "object") throw new Unanswered(FOREIGN);
  return answer;
}

// Whether the same person has a new session, begun in another tab: then the page
// goes on with its word, read from a fresh copy of the page.
async function renewed(page) {
  const response = await reach(location.href, { headers: { accept: "text/html" } });
  if (response.status === 429 || response.status >= 500) throw new Unanswered("The server did not answer.");
  if (!response.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-csrf]");
  if (!fresh) throw new SignedOut();
  // One browser may be several people in turn; nobody's work is kept as another's.
  const { person, csrf } = page.dataset;
  if (fresh.dataset.person !== person) {
    throw new SignedOut(`Somebody else has signed in here: please sign in again as ${person}.`);
  }
  page.dataset.csrf = fresh.dataset.csrf;
  return fresh.dataset.csrf !== csrf;
}
