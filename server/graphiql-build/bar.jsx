import { useState } from 'react';

import { looksLikeAKey } from './door.js';

function KeyField({ onKey }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    const key = text.trim();
    if (looksLikeAKey(key)) onKey(key);
    else setWrong(true);
  };
  return (
    <form className="door-form" onSubmit={submit}>
      {wrong && (
        <span className="door-wrong" role="alert">
          That is not a key: a key is one word without spaces.
        </span>
      )}
      <label htmlFor="door-key">API key</label>
      <input
        id="door-key"
        className="door-key"
        placeholder="rk_…"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setWrong(false);
        }}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
      />
      <button type="submit" disabled={!text.trim()}>
        Use key
      </button>
    </form>
  );
}

function Viewer({ name }) {
  return (
    <div className="door-viewer">
      <span className={name ? 'door-dot door-dot-known' : 'door-dot'} aria-hidden="true" />
      {name ? (
        <span>
          Signed in as <strong>{name}</strong>
        </span>
      ) : (
        <span>A key is set</span>
      )}
    </div>
  );
}

export function Bar({ hasKey, refused, name, notice, onKey, onForget }) {
  return (
    <header className="door">
      <h1>
        Regulars <span>GraphiQL</span>
      </h1>
      <p className={notice ? 'door-notice' : 'door-hint'} role="status">
        {notice || (hasKey ? '' : 'Paste a key to begin. It is kept in this browser tab only.')}
      </p>
      {hasKey && !refused ? <Viewer name={name} /> : <KeyField onKey={onKey} />}
      {hasKey && (
        <button type="button" onClick={onForget}>
          Forget key
        </button>
      )}
    </header>
  );
}
