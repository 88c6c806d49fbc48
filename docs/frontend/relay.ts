// Relay for Regulars: `edges` are what it reads, and every object but parts such as Money has an id of the whole shop.
import { Environment, Network, RecordSource, Store, type FetchFunction } from 'relay-runtime';

/** An environment for the shop at this address. Documents that relay-compiler has persisted by SHA256 are sent by their ids. */
export function environment(address: string, key: string): Environment {
  const ask: FetchFunction = async ({ id, text, name }, variables) => {
    const named = id ? { documentId: `sha256:${id}` } : { query: text };
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...named, operationName: name, variables }),
    });
    return response.json();
  };
  return new Environment({ network: Network.create(ask), store: new Store(new RecordSource()) });
}
