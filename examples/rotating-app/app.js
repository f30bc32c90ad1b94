// Counts in PostgreSQL, again and again, and goes on while its password is rotated.
import { openStore } from '@gitesc/cli'
import { RotatingPool } from './rotating-pool.js'

const everyMs = Number(process.env.QUERY_EVERY_MS ?? 5)
const counted = { queries: 0, failed: 0 }

const store = await openStore()
// Connections are made anew after 100 queries, so that a password which does not work would be noticed.
const pool = await RotatingPool.open(store, 'app/production', 'database', { max: 5, maxUses: 100 })

async function query() {
  try {
    await pool.query('INSERT INTO hits VALUES ($1, 1) ON CONFLICT (process) DO UPDATE SET count = hits.count + 1', [
      String(process.pid),
    ])
    counted.queries++
  } catch (error) {
    counted.failed++
    console.error(`a query failed: ${error.message}`)
  }
}

const running = new Set()
const queries = setInterval(() => {
  const next = query().finally(() => running.delete(next))
  running.add(next)
}, everyMs)

function report() {
  const { queries, failed } = counted
  console.log(`${pool.user}, revision ${pool.revision}: ${queries} queries, ${failed} failed`)
}
const reports = setInterval(report, 1000)

async function stop() {
  clearInterval(queries)
  clearInterval(reports)
  await Promise.all(running)
  report()
  await pool.close()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
