// How mocha runs the compiled tests. `.mocharc.cjs` adds the loader of TypeScript.
const slow = process.env.SLOW === '1'
const sweepMs = Number(process.env.SWEEP_SECONDS ?? 30) * 1000

module.exports = {
  require: ['./test/files-in-memory.cjs', './test/derive-once.cjs'],
  // A sweep goes on for as long as it may (test/sample.ts), and then ends what it has begun.
  timeout: 20_000 + (slow ? 2 * sweepMs : 0),
  reporter: 'test/reporter.cjs',
  'forbid-only': true,
}
