// A route of hono that does nothing but answer with a text, on the same server of Node: what the
// server is measured against. Prints its address, and serves the processor time that it has used.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const body = process.argv[2] ?? ''
const app = new Hono()
app.get('/api/esc/environments/:org/:project/:env/open/:id', (c) =>
  c.body(body, 200, { 'content-type': 'application/json' }),
)
app.get('/metrics', (c) => {
  const { user, system } = process.cpuUsage()
  return c.text(`process_cpu_seconds_total ${(user + system) / 1e6}\n`)
})
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
  process.stderr.write(`listening on http://127.0.0.1:${port}\n`),
)
