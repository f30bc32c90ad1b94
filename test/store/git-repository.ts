import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Store } from '../../src/store/index.ts'

/** A real git repository with a store in `environments/`, removed after the test. */
export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-git-'))
  readonly world = {
    state: join(this.folder, '.git', 'state'),
    keys: { env: {}, configFolder: join(this.folder, '.git', 'config-home'), notify: () => {} },
  }

  constructor() {
    this.git('init', '--quiet', '--initial-branch', 'main')
    this.git('config', 'user.name', 'Ada Lovelace')
    this.git('config', 'user.email', 'ada@example.com')
  }

  get store(): Store {
    return Store.open(join(this.folder, 'environments'), this.world)
  }

  init(): Store {
    return Store.init(join(this.folder, 'environments'), {}, this.world)
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  commit(message: string): void {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', message)
  }

  /** True: git merged without a conflict. */
  tryGit(...args: string[]): boolean {
    try {
      this.git(...args)
      return true
    } catch {
      return false
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}
