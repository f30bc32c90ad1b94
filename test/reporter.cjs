// Prints dots, and at the end each test that was left out. With `REQUIRE_TESTS=1` a test that was left out fails the run,
// unless it is a slow one or needs what `.ci/run` cannot install: so a passing run has run what it claims.
const { readFileSync } = require('node:fs')
const { join, relative } = require('node:path')
const Mocha = require('mocha')

const Dot = Mocha.reporters.Dot
const { EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants

/** Titles, or beginnings of titles, of tests that may be left out in a required run, one per line; `#` begins a comment. */
const mayBeLeftOut = readFileSync(join(__dirname, 'may-be-left-out.txt'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))

module.exports = class Reporter extends Dot {
  constructor(runner, options) {
    super(runner, options)
    const leftOut = []
    runner.on(EVENT_TEST_PENDING, (test) => leftOut.push({ title: test.fullTitle(), file: test.file ?? '' }))
    runner.once(EVENT_RUN_END, () => {
      const unexpected = leftOut.filter(({ title }) => !mayBeLeftOut.some((known) => title.startsWith(known)))
      for (const { title, file } of leftOut) console.log(`  left out: ${relative(process.cwd(), file)}: ${title}`)
      if (process.env.REQUIRE_TESTS !== '1' || unexpected.length === 0) return
      console.log(`\n  ${unexpected.length} tests were left out that must run here:`)
      for (const { title } of unexpected) console.log(`    ${title}`)
      // What mocha makes its exit code from.
      runner.failures += unexpected.length
    })
  }
}
