// What every client is held against: the server, what was sent to it, and that no client has warned of anything.
declare const process: { argv: string[]; exitCode?: number };

export const [, , address = '', key = ''] = process.argv;

export interface Sent {
  method: string;
  query: boolean;
  hash: boolean;
}

/** What goes out, in its order. */
export const sent: Sent[] = [];
const warnings: string[] = [];

const direct = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = new URL(String(input));
  const asked = init?.body ? JSON.parse(String(init.body)) : Object.fromEntries(url.searchParams);
  const hash = JSON.stringify(asked).includes('sha256');
  sent.push({ method: init?.method ?? 'GET', query: typeof asked.query === 'string', hash });
  return direct(input, init);
};
for (const level of ['warn', 'error'] as const) console[level] = (...said) => warnings.push(said.join(' '));

export function equal(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`);
}

export function done(name: string, known = ''): void {
  equal(warnings.filter((warning) => !known || !warning.includes(known)), [], `${name} warns`);
  console.log(`${name}: list, page, record, quote, refund, form errors; ${sent.length} requests`);
}

/** What a form shows beside its fields. */
export const shown = (errors: readonly { path: readonly string[]; code: string }[]): string[] =>
  errors.map((error) => `${error.path.join('.')}: ${error.code}`).sort();

export const sale = (reference: string, customerCode: string) => ({
  idempotencyKey: `sale-${reference}`,
  reference,
  purchasedAt: new Date().toISOString(),
  customerCode,
  lines: [
    { name: 'Beans', quantity: '2', unitPrice: '10.50' },
    { name: 'Roasting', total: '4.00' },
  ],
});

export const basket = { lines: [{ name: 'Beans', quantity: '2', unitPrice: '10.50' }] };
export const badForm = { firstName: 'Ana', lastName: '', phone: '12', matchOn: [] };
export const badPaths = ['input.lastName: REQUIRED', 'input.phone: INVALID_PHONE'];
