import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { Kind, parse } from 'graphql';
import { useCallback, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { Bar } from './bar.jsx';
import { forgetKey, keepKey, keptKey, send, takeKeyFromAddress, withoutKey } from './door.js';
import { hasTabs, storage } from './storage.js';
import './style.css';

const NEW_TAB = `# New query
#
# Ctrl-Space completes, Ctrl-Enter runs, and a name under the pointer explains itself.

{
  shop {
    name
  }
}
`;

const WHO = { query: '{ viewer { name } }' };

// What the bar says about an answer that is not about the query itself.
function complaint({ status, retryAfter }) {
  if (status === 401) return 'The server does not accept this key. It may be mistyped, expired or revoked.';
  if (status === 429) {
    const wait = retryAfter ? ` Try again in ${retryAfter} s.` : ' Try again in a moment.';
    return `This key has used up its rate limit.${wait}`;
  }
  if (status === 0) return 'The server did not answer. Is it running?';
  return '';
}

// Just after a change of tab GraphiQL still names the operation of the tab before. A document with one operation needs no name.
function rightlyNamed(operation) {
  let names;
  try {
    names = parse(operation.query)
      .definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
      .map(({ name }) => name?.value);
  } catch {
    return operation; // the server says better what is wrong with it
  }
  return names.length === 1 ? { ...operation, operationName: names[0] } : operation;
}

const refusedSchema = (operation, result) =>
  operation.operationName === 'IntrospectionQuery' &&
  result.errors?.some((error) => error.extensions?.code === 'FORBIDDEN');

function App({ examples }) {
  const [key, setKey] = useState(keptKey);
  const [name, setName] = useState(null);
  const [notice, setNotice] = useState('');
  const [refused, setRefused] = useState(false);
  const current = useRef(key);

  const change = useCallback((next) => {
    if (next) keepKey(next);
    else forgetKey();
    current.current = next;
    setName(null);
    setNotice('');
    setRefused(false);
    setKey(next);
  }, []);

  useEffect(() => {
    const follow = () => takeKeyFromAddress() && change(keptKey());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [change]);

  useEffect(() => {
    if (!key) return;
    send(key, WHO).then((answer) => {
      if (current.current !== key) return;
      setNotice(complaint(answer));
      setRefused(answer.status === 401);
      setName(answer.result.data?.viewer?.name ?? null);
    });
  }, [key]);

  const fetcher = useCallback(
    async (operation, options) => {
      if (!key) return withoutKey();
      const answer = await send(key, rightlyNamed(operation), options?.headers);
      if (current.current === key) {
        const text = complaint(answer);
        setRefused(answer.status === 401);
        if (text) setNotice(text);
        else if (refusedSchema(operation, answer.result)) {
          setNotice('This key may not read the schema: queries run, but without completion and documentation.');
        } else if (operation.operationName !== 'IntrospectionQuery') setNotice('');
      }
      return answer.result;
    },
    [key],
  );

  return (
    <>
      <Bar hasKey={key !== ''} refused={refused} name={name} notice={notice} onKey={change} onForget={() => change('')} />
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        defaultTabs={examples}
        defaultQuery={NEW_TAB}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo> </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

// The examples name a customer and a purchase of this shop, whoever they are; without a key, or where there are none, what has to
// be put there keeps its name.
async function wordsOf(somebody) {
  const key = keptKey();
  const { data } = key ? (await send(key, { query: somebody })).result : {};
  const purchase = data?.purchases?.nodes?.[0];
  const most = (one, other) => (Number(other.total.amount) > Number(one.total.amount) ? other : one);
  const line = purchase?.lines.reduce(most);
  return { customer: data?.customers?.nodes?.[0]?.id, purchase: purchase?.id, line: line?.id, quantity: line?.quantity };
}

const filled = (text, words) => text.replace(/\$(\w+)/g, (name, word) => words[word] ?? name);

async function start() {
  takeKeyFromAddress();
  const response = await fetch('graphiql/examples.json', { credentials: 'omit', referrerPolicy: 'no-referrer' });
  const { somebody, examples: found } = await response.json();
  const words = hasTabs() ? {} : await wordsOf(somebody);
  const examples = found.map(({ query, variables }) => ({ query, variables: filled(variables, words) }));
  createRoot(document.getElementById('root')).render(<App examples={examples} />);
}

start();
