import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findBinary } from '../servers/binary.ts'

const run = promisify(execFile)

/** Programs of a slim image that images are built with. */
const TOOLS = ['sh', 'env', 'install', 'mkdir', 'chown', 'rm', 'ls']

/** The root of a file system with Node, npm and a few programs, and nothing else. */
export class CleanRoot {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-root-'))

  /** What keeps such a root from being made here. `undefined`: nothing. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'root, for chroot,'
    return [...TOOLS, 'chroot', 'mknod', 'ldd', 'npm'].find((name) => findBinary(name) === undefined)
  }

  constructor(node: string) {
    for (const folder of [
      'bin',
      'dev',
      'etc',
      'root',
      'usr/bin',
      'usr/local/bin',
      'usr/local/lib/node_modules',
      'var/lib',
    ])
      mkdirSync(join(this.folder, folder), { recursive: true })
    chmodSync(this.folder, 0o755)
    mkdirSync(join(this.folder, 'tmp'))
    chmodSync(join(this.folder, 'tmp'), 0o1777)
    this.#addProgram(node, 'usr/local/bin')
    for (const tool of TOOLS) this.#addProgram(findBinary(tool) as string, tool === 'sh' ? 'bin' : 'usr/bin')
    const npm = dirname(dirname(realpathSync(findBinary('npm') as string)))
    cpSync(npm, join(this.folder, 'usr/local/lib/node_modules/npm'), { recursive: true })
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(this.folder, 'usr/local/bin/npm'))
    for (const file of ['resolv.conf', 'hosts', 'nsswitch.conf'])
      if (existsSync(join('/etc', file))) copyFileSync(join('/etc', file), join(this.folder, 'etc', file))
    execFileSync('mknod', ['-m', '666', join(this.folder, 'dev/null'), 'c', '1', '3'])
  }

  /** A program with the libraries that it loads. */
  #addProgram(program: string, folder: string): void {
    copyFileSync(realpathSync(program), join(this.folder, folder, basename(program)))
    for (const [, library] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
      const target = join(this.folder, library as string)
      if (existsSync(target)) continue
      mkdirSync(dirname(target), { recursive: true })
      copyFileSync(realpathSync(library as string), target)
    }
  }

  /** The words that run a program in this root. `user`: as in a Dockerfile. */
  command(words: readonly string[], { user = '0:0', env = {} }: { user?: string; env?: Record<string, string> }) {
    const variables = Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root', ...env })
    const set = variables.map(([name, value]) => `${name}=${value}`)
    return ['chroot', `--userspec=${user}`, this.folder, 'env', '-i', ...set, ...words]
  }

  async run(words: readonly string[], options: Parameters<CleanRoot['command']>[1] = {}): Promise<string> {
    const [file = '', ...rest] = this.command(words, options)
    return (await run(file, rest, { maxBuffer: 1 << 24 })).stdout
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
