'use strict'
// The last step of the build: writes the oclif manifest, and the code caches of the commands that
// people wait for. Each cache is made by a process of its own, because V8 caches whatever functions
// have been used in it: the program itself, run as users run it.
const { spawnSync } = require('node:child_process')
const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { load, uncached } = require('./run.cjs')
const { saveCaches } = require('./save-caches.cjs')

const root = dirname(__dirname)
const caches = join(root, 'dist', 'cache')

const DEFINITION = `# something of everything
imports: [app/base]
values:
  admin:
    fn::rotate::password:
      inputs: {length: 20}
  token: {fn::secret: not-a-real-token}
  list: [1, "\${region}", {fn::join: ["-", [a, "\${region}"]]}]
  environmentVariables: {TOKEN: "\${token}", PASSWORD: "\${admin.current}"}
`
/** Between two commands of one process. */
const THEN = 'then'
/**
 * Makes the store that the others read. Its first command makes the profile `other`, as
 * `bin/run.cjs` tells it.
 */
const OTHER = [
  ['init'],
  ['env', 'init', 'app/base', '--file', 'base.yaml'],
  ['env', 'init', 'app/dev', '--file', 'dev.yaml'],
  ['env', 'rotate', 'app/dev'],
  ['env', 'rotate', 'app/dev'],
  ['env', 'set', 'app/dev', 'port', '5432'],
  ['env', 'ls'],
]
/** The commands that scripts call all day. */
const EVERYDAY = {
  open: [
    ['env', 'open', 'app/dev'],
    ['open', 'app/dev', 'token', '--format', 'string'],
  ],
  get: [['env', 'get', 'app/dev', 'port', '--value', 'json']],
  run: [['run', 'app/dev', '--', 'true']],
  version: [['version']],
}

async function main() {
  const words = process.argv.slice(2)
  if (words.length > 0) return fillCaches(words)
  const manifest = await load('cli.cjs').commandManifest(root)
  writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const scratch = mkdtempSync(join(tmpdir(), 'esc-build-'))
  try {
    writeFileSync(join(scratch, 'base.yaml'), 'values: {region: eu-west-1}\n')
    writeFileSync(join(scratch, 'dev.yaml'), DEFINITION)
    play(OTHER, scratch)
    for (const [profile, commands] of Object.entries(EVERYDAY)) {
      // The bundles of the evaluator are needed by what was not opened before,
      forgetOpened(scratch)
      play(commands, scratch)
      // and the first bundle always: from its cache, which every command reads, come no functions
      // but those of everyday.
      for (const name of readdirSync(caches)) if (name.startsWith(`cli-${profile}-`)) rmSync(join(caches, name))
      play(commands, scratch)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Runs commands in a process of their own, which writes the caches that it does not find. */
function play(commands, scratch) {
  const words = commands.flatMap((command) => [THEN, ...command]).slice(1)
  const env = { HOME: scratch, ESC_CONFIG_HOME: scratch, PATH: process.env.PATH }
  // Most people have git say who they are.
  if (commands === OTHER) env.ESC_AUTHOR = 'build <build>'
  const { status, stdout, stderr } = spawnSync(process.execPath, [__filename, ...words], {
    cwd: scratch,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (status !== 0) throw new Error(`esc ${words.join(' ')} ended with ${status}: ${stdout}${stderr}`)
}

function forgetOpened(scratch) {
  const stores = join(scratch, 'state', 'stores')
  for (const store of readdirSync(stores)) rmSync(join(stores, store, 'opened'), { recursive: true, force: true })
}

async function fillCaches(words) {
  const { main } = load('cli.cjs')
  for (let rest = words; rest.length > 0; ) {
    const end = rest.includes(THEN) ? rest.indexOf(THEN) : rest.length
    const code = await main(rest.slice(0, end), root)
    if (code !== 0) process.exit(code)
    rest = rest.slice(end + 1)
  }
  // Its functions would be in no cache that is small, and reading it takes longer than the command.
  const isSlow = words[0] !== OTHER[0][0] && [...uncached.keys()].some((name) => name.startsWith('rest-'))
  if (isSlow) throw new Error(`esc ${words.join(' ')} needs dist/rest.cjs: see EVERYDAY in esbuild.config.mjs`)
  saveCaches(uncached, caches, 0o644)
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
