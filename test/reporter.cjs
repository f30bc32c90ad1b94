// Prints dots, a failure as soon as it happens (a run that is cut short has then said what failed),
// and at the end the slowest files and each test that was left out. With `REQUIRE_TESTS=1` a test
// that was left out fails the run, unless it is a slow one or needs what `.ci/run` cannot install:
// so a passing run has run what it claims.
const { readFileSync } = require('node:fs')
const { join, relative } = require('node:path')
const Mocha = require('mocha')

const Dot = Mocha.reporters.Dot
const { EVENT_TEST_END, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants

/** How many of the slowest files are listed. */
const SLOWEST = Number(process.env.SLOWEST ?? 10)

/**
 * Titles, or beginnings of titles, of tests that may be left out in a required run, one per line, or
 * folders of tests (`test/console/`); `#` begins a comment.
 */
const mayBeLeftOut = readFileSync(join(__dirname, 'may-be-left-out.txt'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))

module.exports = class Reporter extends Dot {
  constructor(runner, options) {
    super(runner, options)
    const leftOut = []
    const seconds = new Map()
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      console.log(`\n  failed: ${sourceOf(test.file)}: ${test.fullTitle()}: ${error?.message}`)
    })
    runner.on(EVENT_TEST_END, ({ file, duration }) => {
      if (file !== undefined) seconds.set(file, (seconds.get(file) ?? 0) + (duration ?? 0) / 1000)
    })
    runner.on(EVENT_TEST_PENDING, (test) => leftOut.push({ title: test.fullTitle(), file: test.file ?? '' }))
    runner.once(EVENT_RUN_END, () => {
      const unexpected = leftOut.filter(
        ({ title, file }) => !mayBeLeftOut.some((known) => title.startsWith(known) || sourceOf(file).startsWith(known)),
      )
      const slowest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, SLOWEST)
      for (const [file, took] of slowest) console.log(`  ${took.toFixed(1)} s in ${sourceOf(file)}`)
      for (const { title, file } of leftOut) console.log(`  left out: ${sourceOf(file)}: ${title}`)
      if (process.env.REQUIRE_TESTS !== '1' || unexpected.length === 0) return
      console.log(`\n  ${unexpected.length} tests were left out that must run here:`)
      for (const { title } of unexpected) console.log(`    ${title}`)
      // What mocha makes its exit code from.
      runner.failures += unexpected.length
    })
  }
}

/** The source of a test's file, also where that is compiled (test/run.mjs). */
function sourceOf(file) {
  return relative(process.cwd(), file ?? '').replace(/^\.compiled[/](.*)\.js$/, '$1.ts')
}
