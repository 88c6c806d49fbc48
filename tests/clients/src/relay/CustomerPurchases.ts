import { graphql } from 'relay-runtime';
import type { CustomerPurchasesRefundMutation } from './__generated__/CustomerPurchasesRefundMutation.graphql';

export const purchases = graphql`
  fragment CustomerPurchases_customer on Customer
  @refetchable(queryName: "CustomerPurchasesPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }, where: { type: "PurchaseWhere" }) {
    purchases(first: $count, after: $cursor, where: $where) @connection(key: "CustomerPurchases_purchases") {
      __id
      edges {
        node {
          id
          reference
          purchasedAt
          total {
            amount
            currencyCode
          }
        }
      }
    }
  }
`;

export const refund = graphql`
  mutation CustomerPurchasesRefundMutation($input: PurchaseRefundInput!) {
    purchaseRefund(input: $input) {
      purchase {
        id
        status
        refundedTotal {
          amount
        }
      }
      userErrors {
        __typename
        code
        message
        path
        ... on InvalidInput {
          path
        }
      }
    }
  }
`;

export const problems = ({ purchaseRefund }: CustomerPurchasesRefundMutation['response']): string[] =>
  purchaseRefund?.userErrors.map((error) => `${error.path.join('.')}: ${error.message}`) ?? [];
