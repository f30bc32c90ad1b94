import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../cli/commands/esc.ts'
import { RunningServer } from '../../server/running-server.ts'
import { findBinary } from '../../servers/binary.ts'
import { startOpenBao } from '../../servers/openbao.ts'
import { Program } from '../program.ts'
import type { SetStage } from './play.ts'

/** A repository with files of SOPS, and the age key where SOPS has it. */
export async function setSops(): Promise<SetStage> {
  const from = join(packageRoot, 'test', 'operations', 'import', 'sops')
  return {
    prepare(folder) {
      mkdirSync(join(folder, 'secrets'))
      cpSync(join(from, 'only.yaml'), join(folder, 'secrets', 'dev.yaml'))
      cpSync(join(from, 'all.yaml'), join(folder, 'secrets', 'prod.yaml'))
      const keys = join(dirname(folder), '.config', 'sops', 'age')
      mkdirSync(keys, { recursive: true })
      cpSync(join(from, 'key.txt'), join(keys, 'keys.txt'))
    },
    strike: async () => {},
  }
}

/** A server of the ESC API with two environments: ours, which speaks it. */
export async function setEscCloud(): Promise<SetStage> {
  const program = new Program()
  await program.ok('init', '--organization', 'acme')
  await program.ok('env', 'init', 'shop/base')
  await program.ok('env', 'set', 'shop/base', 'logLevel', 'info')
  await program.ok('env', 'init', 'shop/dev')
  await program.ok('config', 'env', 'add', 'shop/base', '--env', 'shop/dev')
  await program.ok('env', 'set', 'shop/dev', 'database.password', 'correct horse', '--secret')
  const server = await RunningServer.start(program)
  return {
    replaced: { [server.url]: 'https://api.pulumi.com', [server.token]: 'ACCESS-TOKEN' },
    async strike() {
      await server.stop()
      program.remove()
    },
  }
}

/** OpenBao under the name of Vault, with a secret in its KV engine. */
export async function setVault(): Promise<SetStage> {
  const server = await startOpenBao()
  await server.call('POST', 'secret/data/shop/dev', { body: { data: { user: 'app', password: 'correct "horse"' } } })
  return {
    env: { VAULT_ADDR: server.url, VAULT_TOKEN: server.rootToken, VAULT_CACERT: server.authority },
    programs: { vault: findBinary('bao')! },
    strike: () => server.stop(),
  }
}
