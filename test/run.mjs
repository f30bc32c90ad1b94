// `npm test`: lints, builds, compiles src and test into `.compiled`, which checks the types too, and
// runs the tests there. With a loader of TypeScript in each process, as `npx mocha FILE` has one,
// they take a third more processor time. Arguments go to mocha, such as the names of files in
// `.compiled`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const compiled = join(root, '.compiled')
/** What is installed or built. */
const LINKED = ['node_modules', 'dist', 'oclif.manifest.json']

const slow = process.env.SLOW === '1'
/** Files at once. Of the slow ones some wait for another program most of the time. */
const jobs = slow ? 4 : 3

/** Tests that take longest in slow runs, each for minutes. */
const LONGEST_SLOW = [
  'server/document',
  'end-to-end/two-secret',
  'crash-matrix/crash-matrix',
  'rotators/issued/issued-credential.contract',
  'rotators/chosen/ssh-key.contract',
  'chaos/three-replicas',
  'rotators/issued/aws-iam.contract',
  'store/fault-sweep-archives',
  'rotators/chosen/snowflake-user.contract',
  'simulation/replicas',
]

/** Tests that take longest. They begin first, so that none of them goes on alone at the end. */
const LONGEST = [
  ...(slow ? LONGEST_SLOW : []),
  'end-to-end/two-secret',
  'store/merge',
  'end-to-end/rotate',
  'store/records',
  'console/console',
  'console/graph',
  'console/editor',
  'console/rotated',
  'console/audit',
  'simulation/simulation',
  'operations/on-postgres',
  'operations/unit-of-work',
  'operations/access',
  'end-to-end/transcripts',
  'end-to-end/plugin-guard',
  'end-to-end/scheduler-lease',
  'server/clients',
  'store/processes',
  'scheduler/year',
  'end-to-end/scheduler',
  'rotators/chosen/mysql-dual.contract',
  'crash-matrix/leaks',
  'crash-matrix/crash-matrix',
  'store/fault-sweep-archives',
  'store/fault-sweep',
  'end-to-end/kill-sweep',
]

const running = new Set()
// Each of the two uses one core most of the time.
await Promise.all([npm('lint'), npm('build').then(compile)])
const files = process.argv.length > 2 ? process.argv.slice(2) : ['--parallel', '--jobs', `${jobs}`, ...inOrder()]
await node('mocha/bin/mocha.js', ['--config', 'test/compiled.mocharc.cjs', ...files])

async function compile() {
  rmSync(compiled, { recursive: true, force: true })
  mkdirSync(compiled)
  for (const name of readdirSync(root)) {
    if (['.git', '.compiled', 'release'].includes(name)) continue
    const [from, to] = [join(root, name), join(compiled, name)]
    // The compiler writes beside the sources, which tests read, too; through a link it would write into them.
    if (LINKED.includes(name)) symlinkSync(from, to)
    else cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('/node_modules') })
  }
  await node('typescript/bin/tsc', ['-p', 'tsconfig.compiled.json'])
}

/** All files of tests, the longest first. */
function inOrder() {
  const names = readdirSync(join(compiled, 'test'), { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.test.js') && !name.startsWith('fixtures/'))
    .sort()
  const rank = (name) => {
    const at = LONGEST.indexOf(name.slice(0, -'.test.js'.length))
    return at === -1 ? LONGEST.length : at
  }
  return names.sort((a, b) => rank(a) - rank(b)).map((name) => `.compiled/test/${name}`)
}

function npm(script) {
  return run('npm', ['run', '--silent', script])
}

function node(program, words) {
  return run(process.execPath, [join(root, 'node_modules', program), ...words])
}

/** Runs a program to its end. One that fails ends the others too. */
async function run(program, words) {
  const child = spawn(program, words, { cwd: root, stdio: 'inherit' })
  running.add(child)
  const [code] = await once(child, 'close')
  running.delete(child)
  if (code === 0) return
  for (const each of running) each.kill()
  process.exit(code ?? 1)
}
