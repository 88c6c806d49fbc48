import { graphql } from 'relay-runtime';

export const profile = graphql`
  query CustomerNotesQuery($code: String!) {
    customer(code: $code) @required(action: LOG) {
      ...CustomerNotes_customer
    }
  }
`;

export const latest = graphql`
  fragment CustomerNotes_customer on Customer @refetchable(queryName: "CustomerNotesRefetchQuery") {
    displayName
    version
    ...CustomerNotes_notes
  }
`;

export const notes = graphql`
  fragment CustomerNotes_notes on Customer {
    notes(first: 5) @connection(key: "CustomerNotes_notes") {
      edges {
        node {
          id
          body
          author
        }
      }
    }
  }
`;

export const add = graphql`
  mutation CustomerNotesAddMutation($input: NoteAddInput!, $connections: [ID!]!) {
    noteAdd(input: $input) {
      note @prependNode(connections: $connections, edgeTypeName: "NoteEdge") {
        id
        body
        author
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export const remove = graphql`
  mutation CustomerNotesDeleteMutation($input: NoteDeleteInput!, $connections: [ID!]!) {
    noteDelete(input: $input) {
      deletedNoteId @deleteRecord @deleteEdge(connections: $connections)
      userErrors {
        code
        message
      }
    }
  }
`;
