import { gql, type ObservableQuery, type TypedDocumentNode } from '@apollo/client';
import { filter, firstValueFrom } from 'rxjs';
import { client } from '../apollo';
import { address, badForm, badPaths, basket, done, equal, key, sale, sent, shown } from './shop';
import list from '../queries/ListCustomers.graphql';
import profile from '../queries/Profile.graphql';
import quote from '../queries/Quote.graphql';
import sell from '../queries/Sell.graphql';
import giveBack from '../queries/GiveBack.graphql';
import register from '../queries/Register.graphql';
import rename from '../queries/Rename.graphql';

const parsed = (text: string): TypedDocumentNode<any, any> => gql(text);
const apollo = client(address, key);
/** What is shown by now: what the cache has learnt is told a moment later. */
const showing = async (watched: ObservableQuery<any>): Promise<any> => {
  await new Promise((go) => setTimeout(go, 0));
  return watched.getCurrentResult().data;
};
const settled = (watched: ObservableQuery<any>) => firstValueFrom(watched.pipe(filter(({ loading }) => !loading)));

// A list, and two more pages of it, one of them fetched twice.
const pages = apollo.watchQuery({ query: parsed(list), variables: { first: 10 } });
const seen: any[] = [];
pages.subscribe((result) => seen.push(result));
const first: any = await settled(pages);
equal(first.data.customers.nodes.length, 10, 'first page');
equal(sent, [{ method: 'POST', query: false, hash: true }, { method: 'POST', query: true, hash: true }], 'the hash, then the text');
for (const count of [20, 20, 25]) {
  const { pageInfo, nodes } = (await showing(pages)).customers;
  const after = count === 20 ? first.data.customers.pageInfo.endCursor : pageInfo.endCursor;
  await pages.fetchMore({ variables: { after } });
  const { customers } = (await showing(pages));
  equal(customers.nodes.length, count, `after ${nodes.length}`);
  equal(customers.edges.length, count, `edges after ${nodes.length}`);
  equal(new Set(customers.nodes.map((node: any) => node.id)).size, count, 'everybody once');
}
equal((await showing(pages)).customers.pageInfo.hasNextPage, false, 'the end');
equal(sent.at(-1), { method: 'POST', query: false, hash: true }, 'the hash alone');
const [someone] = first.data.customers.nodes;

// One of them, beside the list: what both ask of Money and statistics is put together.
const person = apollo.watchQuery({ query: parsed(profile), variables: { code: someone.code } });
const names: string[] = [];
person.subscribe(({ data }) => data?.customer && names.push(data.customer.displayName));
await settled(person);
const before = sent.length;
await apollo.query({ query: parsed(list), variables: { first: 10 } });
equal(sent.length, before, 'the list is still whole');

// A sale: the statistics of the profile follow.
const { data: sold } = await apollo.mutate({ mutation: parsed(sell), variables: { input: sale('apollo-1', someone.code) } });
equal(sold.purchaseRecord.userErrors, [], 'sale');
equal(sold.purchaseRecord.purchase.total.amount, '25.00', 'sale');
equal((await showing(person)).customer.stats.totalSpent.amount, '25.00', 'the profile follows');

const quoted = await apollo.query({ query: parsed(quote), variables: { input: basket } });
equal(quoted.data.basketQuote.total.amount, '21.00', 'quote');

// A refund: the purchase in the list of the profile follows.
await person.refetch();
const { data: back } = await apollo.mutate({
  mutation: parsed(giveBack),
  variables: { input: { purchaseId: sold.purchaseRecord.purchase.id, amount: '4.00', idempotencyKey: 'back-apollo-1' } },
});
equal(back.purchaseRefund.refund.amount.amount, '4.00', 'refund');
equal((await showing(person)).customer.purchases.nodes[0].status, 'PARTIALLY_REFUNDED', 'the list follows');

// A name that is shown before the server has answered.
const { displayName, id, version } = (await showing(person)).customer;
names.length = 0;
const renaming = apollo.mutate({
  mutation: parsed(rename),
  variables: { input: { id, firstName: 'Anne', lastName: 'Apollo', expectedVersion: version } },
  optimisticResponse: {
    customerUpdate: {
      __typename: 'CustomerUpdatePayload',
      customer: { __typename: 'Customer', id, displayName: 'Soon', version },
      userErrors: [],
    },
  },
});
await renaming;
await showing(person);
equal(names, ['Soon', 'Anne Apollo'], `${displayName} is renamed at once`);

// The same again, out of date: what was shown goes back.
const { data: stale } = await apollo.mutate({
  mutation: parsed(rename),
  variables: { input: { id, firstName: 'Late', lastName: 'Apollo', expectedVersion: version } },
  optimisticResponse: {
    customerUpdate: {
      __typename: 'CustomerUpdatePayload',
      customer: { __typename: 'Customer', id, displayName: 'Late Apollo', version },
      userErrors: [],
    },
  },
});
equal(shown(stale.customerUpdate.userErrors), ['input.expectedVersion: VERSION_CONFLICT'], 'stale');
equal((await showing(person)).customer.displayName, 'Anne Apollo', 'what was shown goes back');

const { data: refused } = await apollo.mutate({ mutation: parsed(register), variables: { input: badForm } });
equal(shown(refused.customerCreate.userErrors), badPaths, 'form');
done('apollo');
apollo.stop();
