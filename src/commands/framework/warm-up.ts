import type { Io } from '../../terminal/index.ts'
import { main } from './main.ts'

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

/**
 * Plays the commands people wait for, in a scratch store, so that the code cache holds the functions they need. Used by the
 * build; fails when a command fails.
 */
export async function warmUp(root: string, scratch: string): Promise<void> {
  await play(['version'])
  await play(['init'])
  await play(['env', 'init', 'app/base', '--file', '-'], 'values: {region: eu-west-1}\n')
  await play(['env', 'init', 'app/dev', '--file', '-'], DEFINITION)
  await play(['env', 'rotate', 'app/dev'])
  await play(['env', 'set', 'app/dev', 'port', '5432'])
  await play(['env', 'get', 'app/dev', 'port'])
  await play(['env', 'open', 'app/dev'])
  await play(['open', 'app/dev', 'token', '--format', 'string'])
  await play(['run', 'app/dev', '--', 'true'])

  async function play(argv: readonly string[], input = ''): Promise<void> {
    const errors: string[] = []
    const code = await main(argv, root, scratchIo(scratch, errors, input))
    if (code !== 0) throw new Error(`esc ${argv.join(' ')} exited with ${code}: ${errors.join('')}`)
  }
}

function scratchIo(folder: string, errors: string[], input: string): Io {
  return {
    env: { HOME: folder, ESC_CONFIG_HOME: folder, PATH: process.env.PATH, ESC_AUTHOR: 'build <build>' },
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
  }
}
