import { graphql } from 'relay-runtime';

export const list = graphql`
  query documentsListQuery($count: Int!, $cursor: String) {
    customers(first: $count, after: $cursor, orderBy: { field: CODE })
      @connection(key: "documentsList_customers", filters: ["orderBy"]) {
      edges {
        node {
          id
          code
          displayName
          stats {
            totalSpent {
              amount
            }
          }
        }
      }
    }
  }
`;

export const quote = graphql`
  query documentsQuoteQuery($input: BasketQuoteInput!) {
    basketQuote(input: $input) {
      total {
        amount
      }
    }
  }
`;

export const sell = graphql`
  mutation documentsSellMutation($input: PurchaseRecordInput!) {
    purchaseRecord(input: $input) {
      purchase {
        id
        total {
          amount
        }
        customer {
          stats {
            totalSpent {
              amount
            }
          }
        }
      }
      userErrors {
        code
        path
      }
    }
  }
`;

export const giveBack = graphql`
  mutation documentsGiveBackMutation($input: PurchaseRefundInput!) {
    purchaseRefund(input: $input) {
      refund {
        amount {
          amount
        }
      }
      purchase {
        status
      }
      userErrors {
        code
        path
      }
    }
  }
`;

export const register = graphql`
  mutation documentsRegisterMutation($input: CustomerCreateInput!) {
    customerCreate(input: $input) {
      customer {
        id
      }
      userErrors {
        code
        path
      }
    }
  }
`;
