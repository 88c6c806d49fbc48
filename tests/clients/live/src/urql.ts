import { client, persistedClient } from '../urql';
import { address, badForm, badPaths, basket, done, equal, key, sale, sent, shown } from './shop';
import list from '../queries/ListCustomers.graphql';
import profile from '../queries/Profile.graphql';
import quote from '../queries/Quote.graphql';
import sell from '../queries/Sell.graphql';
import giveBack from '../queries/GiveBack.graphql';
import register from '../queries/Register.graphql';
import rename from '../queries/Rename.graphql';

for (const [name, urql] of Object.entries({ plain: client(address, key), persisted: persistedClient(address, key) })) {
  sent.length = 0;
  const unknown = list.replace('ListCustomers', `ListBy${name}`); // nobody has sent it
  const first = await urql.query(unknown, { first: 10 }).toPromise();
  equal(first.error?.message, undefined, 'first page');
  equal(first.data.customers.nodes.length, 10, 'first page');
  equal(sent.every(({ method }) => method === 'GET'), true, 'queries go by GET');
  equal(sent.map(({ query, hash }) => [query, hash]), name === 'plain' ? [[true, false]] : [[false, true], [true, true]], name);
  const codes = first.data.customers.nodes.map((node: any) => node.code);
  let { endCursor: after, hasNextPage } = first.data.customers.pageInfo;
  while (hasNextPage) {
    const next = await urql.query(list, { first: 10, after }).toPromise();
    codes.push(...next.data.customers.nodes.map((node: any) => node.code));
    ({ endCursor: after, hasNextPage } = next.data.customers.pageInfo);
  }
  equal([codes.length, new Set(codes).size], [25, 25], 'everybody once');

  // One customer is watched while everything happens.
  let latest: any;
  const { unsubscribe } = urql.query(profile, { code: codes[1] }).subscribe(({ data }) => (latest = data?.customer));
  while (!latest) await new Promise((go) => setTimeout(go, 10));
  const spent = Number(latest.stats.totalSpent.amount);
  const sold = await urql.mutation(sell, { input: sale(`urql-${name}`, codes[1]) }).toPromise();
  equal(sold.error?.message, undefined, 'sale');
  equal(sold.data.purchaseRecord.purchase.total.amount, '25.00', 'sale');
  equal(sent.at(-1)?.method, 'POST', 'mutations go by POST');
  await new Promise((go) => setTimeout(go, 0));
  equal(latest.stats.totalSpent.amount, (spent + 25).toFixed(2), 'the profile follows');

  const quoted = await urql.query(quote, { input: basket }).toPromise();
  equal(quoted.data.basketQuote.total.amount, '21.00', 'quote');
  const refund = { purchaseId: sold.data.purchaseRecord.purchase.id, amount: '4.00', idempotencyKey: `back-urql-${name}` };
  const back = await urql.mutation(giveBack, { input: refund }).toPromise();
  equal(back.data.purchaseRefund.purchase.status, 'PARTIALLY_REFUNDED', 'refund');
  const renamed = { id: latest.id, firstName: 'Ulla', lastName: name, expectedVersion: latest.version };
  await urql.mutation(rename, { input: renamed }).toPromise();
  await new Promise((go) => setTimeout(go, 0));
  equal(latest.displayName, `Ulla ${name}`, 'the name follows');

  const refused = await urql.mutation(register, { input: badForm }).toPromise();
  equal(shown(refused.data.customerCreate.userErrors), badPaths, 'form');
  unsubscribe();
}
// Graphcache writes fragments that do not fit too, and warns of what they would have held; the answer is whole.
done('urql', 'Invalid undefined: The field at `matches`');
