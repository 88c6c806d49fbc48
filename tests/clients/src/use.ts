// What a frontend writes on top of the generated types. Only the compiler reads it; nothing here runs.
import type {
  AgainQuery,
  AgainQueryVariables,
  AmountFragment,
  ChangeDetailsMutation,
  ChangeDetailsMutationVariables,
  CustomerPageQuery,
  CustomerPageQueryVariables,
  CustomerProfileQuery,
  CustomerProfileQueryVariables,
  CustomersWhereQuery,
  CustomersWhereQueryVariables,
  CustomerWhere,
  ForgetMutation,
  ForgetMutationVariables,
  GiveBackMutation,
  GiveBackMutationVariables,
  ProblemFragment,
  PurchaseRecordInput,
  PurchaseStatus,
  SellMutation,
  SellMutationVariables,
  StartQuery,
} from './generated';

interface Answer<Data> {
  data: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[];
}

async function ask<Data, Variables>(operationName: string, variables: Variables): Promise<Data> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operationName, variables }),
  });
  const answer = (await response.json()) as Answer<Data>;
  if (!answer.data) throw new Error(answer.errors?.[0]?.extensions.code ?? 'no answer');
  return answer.data;
}

const amount = (money: AmountFragment): string => money.amount.concat(' ', money.currencyCode);

const problem = (error: ProblemFragment): string =>
  error.__typename === 'InvalidInput' ? `${error.path.join('.')}: ${error.message}` : error.code;

const refundable: Record<PurchaseStatus, boolean> = {
  PAID: true,
  PARTIALLY_REFUNDED: true,
  REFUNDED: false,
  VOIDED: false,
};

export async function allCustomers(): Promise<string[]> {
  const rows: string[] = [];
  let after: string | null = null;
  do {
    const variables: CustomerPageQueryVariables = { first: 100, after, latest: 3, withoutRefunds: { status: { in: ['PAID'] } } };
    const page: CustomerPageQuery = await ask<CustomerPageQuery, CustomerPageQueryVariables>('CustomerPage', variables);
    for (const { node } of page.customers?.edges ?? []) {
      const bought = node.latest?.nodes.map((purchase) => `${purchase.reference} ${amount(purchase.total)}`) ?? [];
      const kept = node.kept?.nodes.flatMap((purchase) => purchase.lines.map((line) => line.name)) ?? [];
      rows.push([node.displayName, node.group?.name ?? '', ...bought, ...kept].join(' '));
    }
    after = page.customers?.pageInfo.hasNextPage ? page.customers.pageInfo.endCursor : null;
  } while (after !== null);
  return rows;
}

export async function profile(code: string): Promise<string | null> {
  const { customer } = await ask<CustomerProfileQuery, CustomerProfileQueryVariables>('CustomerProfile', { code });
  if (!customer) return null;
  const spent = customer.stats ? amount(customer.stats.totalSpent) : '';
  const average = customer.stats?.averagePurchase ? amount(customer.stats.averagePurchase) : '';
  const city = customer.shippingAddress?.city ?? customer.billingAddress?.city ?? '';
  const notes = customer.notes?.nodes.map((note) => `${note.author}: ${note.body}`) ?? [];
  return [customer.displayName, customer.email ?? customer.phoneFormatted ?? '', spent, average, city, ...notes].join('\n');
}

export async function spenders(least: string): Promise<string[]> {
  const where: CustomerWhere = {
    status: { in: ['ACTIVE'] },
    any: [{ totalSpent: { gte: least } }, { lastPurchaseAt: { withinDays: 30 } }],
    not: { tag: { in: ['staff'] } },
  };
  const found = await ask<CustomersWhereQuery, CustomersWhereQueryVariables>('CustomersWhere', {
    where,
    orderBy: { field: 'TOTAL_SPENT', direction: 'DESC' },
    counted: true,
  });
  const counted: number = found.customers?.totalCount ?? 0;
  return [`${counted}`, ...(found.customers?.nodes.map((customer) => customer.code) ?? [])];
}

export async function sell(name: [string, string], phone: string): Promise<string> {
  const input: PurchaseRecordInput = {
    idempotencyKey: crypto.randomUUID(),
    reference: 'T1-000042',
    storeCode: 'S07',
    purchasedAt: new Date().toISOString(),
    customer: { firstName: name[0], lastName: name[1], phone, matchOn: ['PHONE'] },
    lines: [
      { sku: 'BEANS-1', quantity: '2', unitPrice: '10.50' },
      { name: 'Roasting', total: '4.00' },
    ],
    payments: [{ method: 'card', amount: '25.00' }],
  };
  const { purchaseRecord: sold } = await ask<SellMutation, SellMutationVariables>('Sell', { input });
  if (!sold?.purchase) throw new Error(sold?.userErrors.map(problem).join('\n') ?? 'refused');
  if (!sold.created || !refundable[sold.purchase.status]) return sold.purchase.id;
  const { purchaseRefund: back } = await ask<GiveBackMutation, GiveBackMutationVariables>('GiveBack', {
    input: { purchaseId: sold.purchase.id, amount: '4.00', reason: 'too dark', idempotencyKey: crypto.randomUUID() },
  });
  return back?.refund ? amount(back.refund.amount) : (back?.userErrors.map(problem).join('\n') ?? 'refused');
}

export async function clearPhone(id: string): Promise<number | undefined> {
  const { customerUpdate } = await ask<ChangeDetailsMutation, ChangeDetailsMutationVariables>('ChangeDetails', {
    input: { id, phone: null },
  });
  return customerUpdate?.customer?.version;
}

export async function forget(id: string): Promise<string | null> {
  const { noteDelete } = await ask<ForgetMutation, ForgetMutationVariables>('Forget', { input: { id } });
  return noteDelete?.deletedNoteId ?? null;
}

export async function title(id: string): Promise<string> {
  const { node } = await ask<AgainQuery, AgainQueryVariables>('Again', { id });
  switch (node?.__typename) {
    case 'Customer':
      return node.displayName;
    case 'Purchase':
      return `${node.reference} ${node.purchaseStatus} ${amount(node.total)}`;
    case 'Payment':
      return node.paymentReference ?? node.method;
    case 'Refund':
      return `${node.at} ${amount(node.amount)}`;
    default:
      return node?.id ?? 'gone';
  }
}

export const currency = (start: StartQuery): string | undefined => start.shop?.currencyCode;

// The mistakes that the types are there to catch.
// @ts-expect-error an amount is never a number
export const float: PurchaseRecordInput['tax'] = 4.5;
// @ts-expect-error a status that does not exist
export const status: CustomerWhere = { status: { in: ['GONE'] } };
// @ts-expect-error a condition that does not exist
export const leaf: CustomerWhere = { shoeSize: { in: [42] } };
// @ts-expect-error a purchase without lines
export const empty: PurchaseRecordInput = { reference: 'T1-000043' };
// @ts-expect-error the root may be null
export const nameless = (answer: CustomerProfileQuery): string => answer.customer.displayName;
