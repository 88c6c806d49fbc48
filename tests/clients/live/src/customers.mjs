// 25 customers, for lists of more than one page.
const [, , address, key] = process.argv;
for (const start of [1, 6, 11, 16, 21]) {
  const fields = [0, 1, 2, 3, 4].map(
    (n) => `c${n}: customerCreate(input: { firstName: "Person", lastName: "Number ${start + n}", matchOn: [] }) { userErrors { code } }`,
  );
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { ${fields.join(' ')} }` }),
  });
  const answer = await response.json();
  if (answer.errors || Object.values(answer.data).some(({ userErrors }) => userErrors.length)) throw new Error(JSON.stringify(answer));
}
