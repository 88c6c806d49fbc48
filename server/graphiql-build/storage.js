// What GraphiQL remembers. Queries and variables can name customers, so they end with the browser tab, in session
// storage; only the colour theme is kept for longer.

const THEME = 'graphiql:theme';
const TABS = 'graphiql:tabState';

const place = (name) => (name === THEME ? localStorage : sessionStorage);

function activeTab() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(sessionStorage.getItem(TABS));
    return tabs[activeTabIndex];
  } catch {
    return undefined;
  }
}

export const hasTabs = () => activeTab() !== undefined;

// GraphiQL stores the last edited query beside its tabs, and opens one tab more whenever the two disagree.
// The tabs are the one truth here.
const mirrored = { 'graphiql:query': 'query', 'graphiql:variables': 'variables', 'graphiql:headers': 'headers' };

export const storage = {
  getItem: (name) => (name in mirrored ? (activeTab()?.[mirrored[name]] ?? null) : place(name).getItem(name)),
  setItem: (name, value) => {
    if (!(name in mirrored)) place(name).setItem(name, value);
  },
  removeItem: (name) => place(name).removeItem(name),
  clear: () => sessionStorage.removeItem(TABS),
  get length() {
    return sessionStorage.length;
  },
};
