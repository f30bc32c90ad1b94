// Writes down the bundles that the built program has read, in their order. It loads them itself, so
// Node knows of none.
const fs = require('node:fs')

const { readFileSync } = fs
const read = []
fs.readFileSync = (file, ...options) => {
  if (/[/]dist[/].*\.cjs$/.test(String(file))) read.push(String(file))
  return readFileSync(file, ...options)
}
process.on('exit', () => fs.writeFileSync(process.env.ESC_TEST_MODULES, read.join('\n')))
