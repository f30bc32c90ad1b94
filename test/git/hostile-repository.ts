import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * A real repository whose content and configuration somebody else wrote. What runs because of them
 * leaves a file, the marker.
 */
export class HostileRepository {
  readonly root = mkdtempSync(join(tmpdir(), 'esc-hostile-git-'))
  readonly folder = join(this.root, 'repository')
  readonly store = join(this.folder, 'environments')
  readonly marker = join(this.root, 'marker')
  /** A script that leaves the marker. */
  readonly script = join(this.folder, 'tools', 'run-me')
  /** The user's home. */
  readonly home = join(this.root, 'home')
  readonly #before = { ...process.env }

  constructor() {
    mkdirSync(this.home)
    mkdirSync(this.store, { recursive: true })
    this.program('tools/run-me')
    writeFileSync(join(this.store, 'a.yaml'), 'a: 1\n')
    for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name]
    Object.assign(process.env, { HOME: this.home, GIT_CONFIG_NOSYSTEM: '1', XDG_CONFIG_HOME: join(this.home, 'xdg') })
    this.git('init', '--quiet', '--initial-branch', 'main')
    this.git('config', '--global', 'user.name', 'Ada Lovelace')
    this.git('config', '--global', 'user.email', 'ada@example.com')
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', 'base')
  }

  /** Writes a program that leaves the marker; `path` is below the work tree. */
  program(path: string, marker = this.marker): string {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\necho ran >> '${marker}'\n`)
    chmodSync(file, 0o755)
    return file
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** As a user would type it, whatever comes of it. */
  plainGit(args: readonly string[], input = ''): string {
    const { stderr } = spawnSync('git', args, { cwd: this.store, input, encoding: 'utf8', timeout: 20_000 })
    return stderr
  }

  /** Whether something ran since the last time. */
  ran(): boolean {
    const ran = existsSync(this.marker)
    rmSync(this.marker, { force: true })
    return ran
  }

  remove(): void {
    for (const name of Object.keys(process.env)) if (!(name in this.#before)) delete process.env[name]
    Object.assign(process.env, this.#before)
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Makes `folder` a bare repository with this configuration, as it can be committed. */
export function embedBareRepository(folder: string, configuration: string): void {
  mkdirSync(join(folder, 'objects'), { recursive: true })
  mkdirSync(join(folder, 'refs'), { recursive: true })
  // Git keeps no empty folders.
  for (const name of ['objects', 'refs']) writeFileSync(join(folder, name, '.keep'), '')
  writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(join(folder, 'config'), configuration)
}
