import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import {
  createEnvironment,
  initIssuer,
  initStore,
  type JsonWebKeySet,
  publishIssuer,
  type SessionHost,
} from '../../../src/operations/index.ts'
import { openWorkspaceAt } from '../../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../../src/operations/session/workspace.ts'
import { identityMade } from '../../../src/operations/trust/identity.ts'
import { perform } from '../perform.ts'
import { sessionParts } from '../session-parts.ts'

let firstKey: { readonly pem: string; readonly thumbprint: string } | undefined

export const issuer = 'https://esc.example.org/team'

/**
 * A store of `acme` with the environment `app/dev`, and a folder that stands for the web host of
 * its issuer.
 */
export class IssuerStore {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-issuer-'))
  readonly site = join(this.folder, 'site')
  now = new Date('2026-03-04T05:06:07Z')
  env: Record<string, string | undefined> = {
    ESC_CONFIG_HOME: join(this.folder, 'config'),
    ESC_AUTHOR: 'Ada <ada@example.com>',
  }

  async init(): Promise<this> {
    initStore({ folder: undefined, organization: 'acme', secretsProvider: undefined }, sessionParts(this.host))
    const workspace = this.workspace()
    const definition = 'values: {a: 1}\n'
    await perform(workspace, createEnvironment, workspace.reference('app/dev'), { definition })
    return this
  }

  get host(): SessionHost {
    return { cwd: this.folder, env: this.env, now: () => this.now, notify() {} }
  }

  workspace(): Workspace {
    return openWorkspaceAt(this.folder, sessionParts(this.host), 'named')
  }

  /** Making a key takes longer than the rest: all stores but the first begin with the same. */
  async withIssuer(): Promise<this> {
    const file = join(this.folder, 'config', 'oidc.key')
    if (firstKey !== undefined && this.env.ESC_CONFIG_HOME === join(this.folder, 'config')) {
      mkdirSync(join(this.folder, 'config'), { recursive: true })
      writeFileSync(file, firstKey.pem, { mode: 0o600 })
      identityMade(this.host, firstKey.thumbprint)
    }
    const { key } = await perform(this.workspace(), initIssuer, undefined, { issuer })
    firstKey ??= { pem: readFileSync(file, 'utf8'), thumbprint: key }
    return this
  }

  publish(others: readonly JsonWebKeySet[] = []) {
    return perform(this.workspace(), publishIssuer, undefined, { folder: this.site, others })
  }

  /** A file of the web host. */
  served(url: string): string {
    if (!url.startsWith(`${issuer}/`)) throw new Error(`nothing is served at ${url}`)
    return readFileSync(join(this.site, url.slice(issuer.length + 1)), 'utf8')
  }

  /**
   * Has jose fetch the discovery document and the keys, and verify a token. Returns what it says.
   */
  async verify(token: string, of: { readonly audience: string; readonly issuer?: string }) {
    const name = of.issuer ?? issuer
    const discovery = JSON.parse(this.served(`${name}/.well-known/openid-configuration`))
    const served: typeof globalThis.fetch = async (url) =>
      new Response(this.served(String(url)), { headers: { 'content-type': 'application/json' } })
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri), { [customFetch]: served })
    const expected = { issuer: discovery.issuer, audience: of.audience, algorithms: ['RS256'], currentDate: this.now }
    const { payload } = await jwtVerify(token, keys, expected)
    return payload
  }

  later(seconds: number): void {
    this.now = new Date(this.now.getTime() + seconds * 1000)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
