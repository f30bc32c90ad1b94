import type { Host } from './host.ts'

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

/** The runs that fill each code cache (`bin/run.cjs`): the words, and standard input. */
const profiles = (): Readonly<Record<string, readonly (readonly [words: readonly string[], input?: string])[]>> => ({
  version: [[['version']]],
  other: [
    [['init']],
    [['env', 'init', 'app/base', '--file', '-'], 'values: {region: eu-west-1}\n'],
    [['env', 'init', 'app/dev', '--file', '-'], DEFINITION],
    [['env', 'rotate', 'app/dev']],
    [['env', 'rotate', 'app/dev']],
    [['env', 'set', 'app/dev', 'port', '5432']],
    [['env', 'ls']],
  ],
  // As it is the first time, and then again.
  open: [[['env', 'open', 'app/dev']], [['open', 'app/dev', 'token', '--format', 'string']]],
  get: [[['env', 'get', 'app/dev', 'port', '--value', 'json']]],
  run: [[['run', 'app/dev', '--', 'true']], [['run', 'app/dev', '--', 'true']]],
})

/**
 * Plays the commands people wait for through `main`, in a scratch folder, so that a code cache
 * holds the functions they need. Used by the build; fails when a command fails.
 */
export async function warmUp(
  main: (words: readonly string[], root: string, host: Host) => Promise<number>,
  { profile, root, scratch }: { readonly profile: string; readonly root: string; readonly scratch: string },
): Promise<void> {
  for (const [words, input = ''] of profiles()[profile] ?? []) {
    const errors: string[] = []
    const code = await main(words, root, scratchIo({ profile, folder: scratch, errors, input }))
    if (code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${code}: ${errors.join('')}`)
  }
}

interface Scratch {
  readonly profile: string
  readonly folder: string
  readonly errors: string[]
  readonly input: string
}

function scratchIo({ profile, folder, errors, input }: Scratch): Host {
  return {
    // Most people have git say who they are.
    env: {
      HOME: folder,
      ESC_CONFIG_HOME: folder,
      PATH: process.env.PATH,
      ...(profile === 'other' && { ESC_AUTHOR: 'build <build>' }),
    },
    cwd: folder,
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: undefined,
    sharesStreams: false,
    out: () => {},
    err: (text) => errors.push(String(text)),
    readStdin: async () => Buffer.from(input),
    readLine: async () => undefined,
    now: () => new Date(),
    onInterrupt: () => () => {},
    exit: (code) => process.exit(code),
    // Each cache has the functions of opening for the first time, too.
    build: profile,
  }
}
