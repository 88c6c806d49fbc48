// Runs the audits of graphql-http against the server at the address and with the key that are given. Ends with 1 unless
// every MUST, SHOULD and MAY is kept.
import { serverAudits } from 'graphql-http'

const [, , url, key] = process.argv

const audits = serverAudits({
  url,
  fetchFn: (address, init) => fetch(address, { ...init, headers: { ...init?.headers, authorization: `Bearer ${key}` } }),
})
const counts = { ok: 0, notice: 0, warn: 0, error: 0 }
let failed = false
for (const audit of audits) {
  const result = await audit.fn()
  counts[result.status] += 1
  if (result.status !== 'ok') {
    failed = true
    console.error(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`)
  }
}
console.log(`${audits.length} audits: ${JSON.stringify(counts)}`)
process.exit(failed ? 1 : 0)
