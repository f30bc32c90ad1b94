/**
 * Appends lines to the audit log of a store, as one of several processes. Arguments: the store, how
 * many, who.
 */
import { join } from 'node:path'
import { appendAudit } from '../../src/audit/index.ts'

const [store = '', count = '0', user = ''] = process.argv.slice(2)
for (let index = 0; index < Number(count); index++) {
  appendAudit(
    { store, state: join(store, 'state'), keep: 'beside' },
    [
      {
        time: '2026-03-04T05:06:07.000Z',
        event: 'environment-open',
        result: 'allowed',
        environment: 'app/dev',
        user,
        userFrom: 'git',
        host: 'machine',
        process: process.pid,
      },
    ],
    { synced: false },
  )
}
