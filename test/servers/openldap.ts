import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { findBinary, missingBinaries } from './binary.ts'
import type { ServerTls } from './certificate.ts'
import { startDaemon } from './daemon.ts'

/** A real OpenLDAP of its own, with the tree dc=example,dc=org. */
export interface OpenLdapServer {
  readonly host: string
  readonly port: number
  /** With TLS only. */
  readonly securePort: number
  /** The directory's administrator. */
  readonly root: { readonly dn: string; readonly password: string }
  /** Everything the server has logged so far. */
  log(): string
  /** Runs something as the administrator. */
  asRoot<T>(use: (client: Client) => Promise<T>): Promise<T>
  /** `true`, or the result code of the refusal. */
  login(dn: string, password: string): Promise<true | number | string>
  /** Values of userPassword, as text. */
  values(dn: string): Promise<string[]>
  stop(): Promise<void>
}

export interface OpenLdapOptions {
  /** PEM; turns STARTTLS and ldaps:// on. */
  readonly tls?: ServerTls
  /** One password policy for all entries. */
  readonly policy?: boolean
}

const schemaFolders = ['/etc/ldap/schema', '/etc/openldap/schema', '/usr/local/etc/openldap/schema']
const moduleFolders = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap', '/usr/local/libexec/openldap']

/** What is missing to start one. */
export const missingOpenLdap = () => missingBinaries('slapd', 'slapadd')
export const openLdapPackages = 'slapd'

const suffix = 'dc=example,dc=org'

let shared: Promise<OpenLdapServer> | undefined

/** One server for a whole test run. It ends with the process, however that ends. */
export function sharedOpenLdap(): Promise<OpenLdapServer> {
  shared ??= startOpenLdap()
  return shared
}

export async function startOpenLdap({ tls, policy = false }: OpenLdapOptions = {}): Promise<OpenLdapServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-openldap-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const root = { dn: `cn=admin,${suffix}`, password: randomBytes(12).toString('hex') }
  const schemas = schemaFolders.find((path) => existsSync(path))!
  const modules = moduleFolders.find((path) => existsSync(path))
  const lines = ['core', 'cosine', 'inetorgperson'].map((name) => `include ${join(schemas, `${name}.schema`)}`)
  if (tls !== undefined) {
    writeFileSync(join(folder, 'key.pem'), tls.key, { mode: 0o600 })
    writeFileSync(join(folder, 'certificate.pem'), tls.certificate)
    lines.push(`TLSCertificateKeyFile ${join(folder, 'key.pem')}`)
    lines.push(`TLSCertificateFile ${join(folder, 'certificate.pem')}`)
    if (tls.clientAuthority !== undefined) {
      writeFileSync(join(folder, 'clients.pem'), tls.clientAuthority)
      lines.push(`TLSCACertificateFile ${join(folder, 'clients.pem')}`, 'TLSVerifyClient demand')
    }
  }
  if (modules !== undefined) lines.push(`modulepath ${modules}`, 'moduleload back_mdb')
  if (policy) lines.push('moduleload ppolicy')
  lines.push(
    'database mdb',
    `suffix "${suffix}"`,
    `rootdn "${root.dn}"`,
    `rootpw ${root.password}`,
    `directory ${data}`,
    'maxsize 10485760',
    'dbnosync',
    // Managers write passwords but do not read them, unless they are of the readers.
    `access to attrs=userPassword by dn.regex="^cn=reader-[0-9]+,${suffix}$" write by dn.regex="^cn=manager-[0-9]+,${suffix}$" =w by anonymous auth by * none`,
    'access to * by * read',
  )
  if (policy) lines.push('overlay ppolicy', `ppolicy_default "cn=policy,${suffix}"`)
  const configuration = join(folder, 'slapd.conf')
  writeFileSync(configuration, `${lines.join('\n')}\n`, { mode: 0o600 })
  const entries = [`dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`]
  if (policy) {
    entries.push(
      `dn: cn=policy,${suffix}\nobjectClass: person\nobjectClass: pwdPolicy\ncn: policy\nsn: policy\npwdAttribute: userPassword\n`,
    )
  }
  const loaded = spawnSync(findBinary('slapadd')!, ['-q', '-f', configuration], {
    input: entries.join('\n'),
    encoding: 'utf8',
  })
  if (loaded.status !== 0) throw new Error(`slapadd failed: ${loaded.error ?? loaded.stderr}`)

  const host = '127.0.0.1'
  const daemon = await startDaemon({
    folder,
    command: findBinary('slapd')!,
    args: (port, securePort) => {
      const urls = [`ldap://${host}:${port}`, ...(tls === undefined ? [] : [`ldaps://${host}:${securePort}`])]
      return ['-f', configuration, '-h', urls.join(' '), '-d', 'stats,stats2,args']
    },
    ready: /slapd starting/,
  })
  const { port, secondPort: securePort } = daemon
  const open = async <T>(dn: string, password: string, use: (client: Client) => Promise<T>): Promise<T> => {
    const client = new Client({ url: `ldap://${host}:${port}` })
    try {
      await client.bind(dn, password)
      return await use(client)
    } finally {
      await client.unbind()
    }
  }
  // It says that it starts before it listens.
  for (const deadline = Date.now() + 10_000; ; ) {
    const refused = await open(root.dn, root.password, async () => undefined).catch((error: unknown) => error)
    if (refused === undefined) break
    if (Date.now() > deadline) throw refused
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const asRoot = <T>(use: (client: Client) => Promise<T>) => open(root.dn, root.password, use)
  return {
    host,
    port,
    securePort,
    root,
    log: () => daemon.log(),
    asRoot,
    async login(dn, password) {
      try {
        return await open(dn, password, async () => true as const)
      } catch (error) {
        return (error as { code?: number }).code ?? String(error)
      }
    },
    values: (dn) =>
      asRoot(async (client) => {
        const { searchEntries } = await client.search(dn, { scope: 'base', attributes: ['userPassword'] })
        return [searchEntries[0]?.userPassword ?? []].flat().map(String)
      }),
    stop: () => daemon.stop(),
  }
}
