// The API key and the way to the server. The key lives in session storage only: it ends with the browser tab.

const SLOT = 'regulars:key';

export function takeKeyFromAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (key === null) return false;
  history.replaceState(null, '', location.pathname + location.search);
  if (key.trim()) keepKey(key.trim());
  return true;
}

export const keptKey = () => sessionStorage.getItem(SLOT) ?? '';
export const keepKey = (key) => sessionStorage.setItem(SLOT, key);
export const forgetKey = () => sessionStorage.removeItem(SLOT);

// A header holds printable ASCII only; what else was pasted is no key.
export const looksLikeAKey = (text) => /^[\x21-\x7e]+$/.test(text);

const failure = (message) => ({ errors: [{ message }] });

// Sends one operation and answers { status, retryAfter, result }; a status of 0 means that nothing came back.
export async function send(key, operation, ownHeaders = {}) {
  const headers = new Headers({
    Accept: 'application/graphql-response+json, application/json;q=0.9',
    'Content-Type': 'application/json',
    Authorization: `Bearer ${key}`,
  });
  for (const [name, value] of Object.entries(ownHeaders)) headers.set(name, value);
  let response;
  try {
    response = await fetch('graphql', {
      method: 'POST',
      headers,
      body: JSON.stringify(operation),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
  } catch {
    return { status: 0, retryAfter: null, result: failure('The server did not answer.') };
  }
  const { status } = response;
  const retryAfter = response.headers.get('Retry-After');
  try {
    return { status, retryAfter, result: await response.json() };
  } catch {
    return { status, retryAfter, result: failure(`The server answered with status ${status} and no JSON.`) };
  }
}

export const withoutKey = () => failure('Paste an API key into the bar on top first.');
