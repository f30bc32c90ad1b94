import { join } from 'node:path'
import { type FileSystem, listIfPresent, machineFiles } from '../../files/index.ts'
import type { TlsOptions } from '../../http/index.ts'
import { present } from '../../present.ts'
import { type KeyCall, keyFault } from '../key-fault.ts'
import type { KeyContext } from '../provider.ts'
import { vaultVariable } from './vault-server.ts'

/**
 * Returns the options in the TLS variables of Vault's and OpenBao's clients: `CACERT`,
 * `CACERT_BYTES`, `CAPATH`, `CLIENT_CERT` with `CLIENT_KEY`, `TLS_SERVER_NAME`, `SKIP_VERIFY`, each
 * with `BAO_` or `VAULT_` before it. Undefined: nothing.
 * @throws EscError `key_unavailable`, naming the variable.
 */
export function vaultTls({ env, files = machineFiles }: KeyContext, call: KeyCall): TlsOptions | undefined {
  const named = (name: string) => vaultVariable(env, name)
  const skip = named('SKIP_VERIFY')
  const serverName = named('TLS_SERVER_NAME')?.value
  const authorities = authoritiesOf({ env, files, call })
  const [certificate, key] = [named('CLIENT_CERT'), named('CLIENT_KEY')]
  if ((certificate === undefined) !== (key === undefined)) {
    const [there, lacking] = certificate === undefined ? [present(key), 'CLIENT_CERT'] : [certificate, 'CLIENT_KEY']
    const missing = there.name.replace(/CLIENT_(?:CERT|KEY)$/, lacking)
    throw badTls(call, `${there.name} is set, and ${missing} is not`, 'set both: a certificate needs its key')
  }
  const options: TlsOptions = {
    ...(authorities !== undefined && { ca: authorities }),
    ...(certificate !== undefined && { cert: readPem(certificate, 'CERTIFICATE', { files, call }) }),
    ...(key !== undefined && { key: readPem(key, 'PRIVATE KEY', { files, call }) }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(skip !== undefined && isTrue(skip, call) && { rejectUnauthorized: false }),
  }
  return Object.keys(options).length === 0 ? undefined : options
}

interface Place {
  readonly files: FileSystem
  readonly call: KeyCall
}

/**
 * Certificate authorities that count instead of the system's; the client of Vault
 * takes the first of these too.
 */
function authoritiesOf({ env, ...place }: Place & { readonly env: KeyContext['env'] }): string | undefined {
  const bytes = vaultVariable(env, 'CACERT_BYTES')
  if (bytes !== undefined) return pemOf(bytes.value, 'CERTIFICATE', { ...place, name: bytes.name })
  const file = vaultVariable(env, 'CACERT')
  if (file !== undefined) return readPem(file, 'CERTIFICATE', place)
  const folder = vaultVariable(env, 'CAPATH')
  return folder && readFolder(folder, place)
}

function readFolder({ name, value }: { name: string; value: string }, { files, call }: Place): string {
  const texts: string[] = []
  for (const each of listIfPresent(files, value)) {
    try {
      const text = Buffer.from(files.readFile(join(value, each))).toString()
      if (hasPem(text, 'CERTIFICATE')) texts.push(text)
    } catch {
      // A folder or a closed file among them is none of the certificates.
    }
  }
  if (texts.length > 0) return texts.join('\n')
  throw badTls(call, `${name}: ${value} holds no certificate`, 'name a folder of certificates in PEM')
}

type Label = 'CERTIFICATE' | 'PRIVATE KEY'

function readPem({ name, value }: { name: string; value: string }, label: Label, { files, call }: Place): string {
  if (value.startsWith('-----BEGIN')) {
    throw badTls(call, `${name} holds a certificate or key itself`, 'put it into a file, and name that')
  }
  let text: string
  try {
    text = Buffer.from(files.readFile(value)).toString()
  } catch (error) {
    const code = (error as { code?: unknown }).code
    throw badTls(call, `${name}: ${value} cannot be read (${code})`, `set ${name} to the path of a file in PEM`)
  }
  return pemOf(text, label, { name: `${name}: ${value}`, call })
}

function pemOf(text: string, label: Label, { name, call }: { readonly name: string; readonly call: KeyCall }): string {
  if (hasPem(text, label)) return text
  throw badTls(call, `${name} holds no ${label.toLowerCase()} in PEM`, `it must have a line -----BEGIN ${label}-----`)
}

function hasPem(text: string, label: Label): boolean {
  return new RegExp(`^-----BEGIN (?:[A-Z]+ )*${label}-----`, 'm').test(text)
}

/** As Go reads a boolean, because Vault's and OpenBao's clients do. */
function isTrue({ name, value }: { name: string; value: string }, call: KeyCall): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false
  throw badTls(call, `${name} is neither true nor false`, 'write true, or leave it out')
}

function badTls(call: KeyCall, text: string, hint: string): Error {
  return keyFault(call, 'credentials', { code: 'TLS settings', text, hint })
}
