import { graphql } from 'relay-runtime';
import type { CustomerList_customers$data } from './__generated__/CustomerList_customers.graphql';
import type { CustomerListQuery } from './__generated__/CustomerListQuery.graphql';

export const page = graphql`
  query CustomerListQuery($count: Int!, $cursor: String, $search: String, $where: CustomerWhere, $orderBy: CustomerOrderBy) {
    ...CustomerList_customers @arguments(count: $count, cursor: $cursor, search: $search, where: $where, orderBy: $orderBy)
    viewer {
      name
    }
  }
`;

export const customers = graphql`
  fragment CustomerList_customers on Query
  @refetchable(queryName: "CustomerListPaginationQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    search: { type: "String" }
    where: { type: "CustomerWhere" }
    orderBy: { type: "CustomerOrderBy" }
  ) {
    customers(first: $count, after: $cursor, search: $search, where: $where, orderBy: $orderBy)
      @connection(key: "CustomerList_customers", filters: ["search", "where", "orderBy"]) {
      totalCount
      edges {
        node {
          id
          displayName
          ...CustomerPurchases_customer @arguments(count: 3)
        }
      }
    }
  }
`;

export const variables: CustomerListQuery['variables'] = { count: 20, where: { status: { in: ['ACTIVE'] } } };

export const names = (data: CustomerList_customers$data): string[] =>
  data.customers?.edges.map(({ node }) => node.displayName) ?? [];
