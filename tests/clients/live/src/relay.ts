import { commitMutation, createOperationDescriptor, fetchQuery } from 'relay-runtime';
import { environment } from '../relay';
import { address, badForm, badPaths, basket, done, equal, key, sale, sent, shown } from './shop';
import list from './__generated__/documentsListQuery.graphql';
import quote from './__generated__/documentsQuoteQuery.graphql';
import sell from './__generated__/documentsSellMutation.graphql';
import giveBack from './__generated__/documentsGiveBackMutation.graphql';
import register from './__generated__/documentsRegisterMutation.graphql';

const relay = environment(address, key);
const mutate = (mutation: any, variables: any): Promise<any> =>
  new Promise((resolve, reject) => commitMutation(relay, { mutation, variables, onCompleted: resolve, onError: reject }));

// A list, page by page: the connection in the store grows.
const whole = createOperationDescriptor(list as any, { count: 10 });
relay.retain(whole);
const customers = (): any => (relay.lookup(whole.fragment).data as any).customers;
await fetchQuery(relay, list as any, { count: 10 }).toPromise();
for (const count of [10, 20, 25]) {
  equal(customers().edges.length, count, 'edges');
  equal(customers().pageInfo.hasNextPage, count < 25, 'more');
  if (count < 25) await fetchQuery(relay, list as any, { count: 10, cursor: customers().pageInfo.endCursor }).toPromise();
}
const [, , someone] = customers().edges.map((edge: any) => edge.node);

const { purchaseRecord } = await mutate(sell, { input: sale('relay-1', someone.code) });
equal(purchaseRecord.purchase.total.amount, '25.00', 'sale');
equal(customers().edges[2].node.stats.totalSpent.amount, '25.00', 'the list follows');
const quoted: any = await fetchQuery(relay, quote as any, { input: basket }).toPromise();
equal(quoted.basketQuote.total.amount, '21.00', 'quote');
const refund = { purchaseId: purchaseRecord.purchase.id, amount: '4.00', idempotencyKey: 'back-relay-1' };
const { purchaseRefund } = await mutate(giveBack, { input: refund });
equal(purchaseRefund.purchase.status, 'PARTIALLY_REFUNDED', 'refund');
const { customerCreate } = await mutate(register, { input: badForm });
equal(shown(customerCreate.userErrors), badPaths, 'form');
equal(sent.length, 7, 'requests');
done('relay');
