// Preloaded into the program under test (NODE_OPTIONS=--require): kills it as soon as a revision
// has got its name, before anything else is written; with ESC_TEST_KILL_BEFORE=1, just before it
// gets its name.
'use strict'
const fs = require('node:fs')
const { linkSync } = fs
const die = () => process.kill(process.pid, 'SIGKILL')
fs.linkSync = (existing, added) => {
  const isRevision = /\/revisions\/[0-9]+\.yaml$/.test(String(added))
  if (isRevision && process.env.ESC_TEST_KILL_BEFORE === '1') die()
  linkSync(existing, added)
  if (isRevision) die()
}
