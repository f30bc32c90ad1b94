import { EscError } from '../../../errors.ts'
import { rich, step } from '../../../rich-text.ts'
import { getAt, type Node, type ObjectNode } from '../../../yaml/index.ts'
import { type ForeignEntry, type ForeignFile, type ForeignValue, foreignValue, scalar } from './foreign-value.ts'
import { readObject } from './read-yaml.ts'

/** A program that has failed leaves an empty file, which is no export without secrets. */
function objectIn(text: string, source: string, other?: EscError): ObjectNode {
  if (text.trim() !== '') return readObject(text, source, other && { otherFile: other })
  throw new EscError('invalid_input', `${source} is empty`, {
    hint: 'run the program that writes it once more, and look for an error that it prints',
  })
}

/**
 * Reads a plain YAML or JSON file. It does not say what is secret.
 * @throws EscError `invalid_input`, naming the place.
 */
export function readPlainFile(text: string, source: string): ForeignFile {
  const root = objectIn(text, source)
  if (getAt(root, ['sops', 'mac']) !== undefined) {
    throw new EscError('invalid_input', `SOPS has encrypted ${source}`, {
      hint: rich`${step('import it', { do: 'import-values', format: 'sops' })}`,
    })
  }
  return { entries: entriesOf(root, text) }
}

/**
 * Reads what `vault kv get -format=json` prints, or `bao kv get`: of version 1 or 2 of the engine.
 * All values are secrets.
 * @throws EscError `invalid_input` for another file, or a version that was deleted.
 */
export function readVaultExport(text: string, source: string): ForeignFile {
  const other = otherFile(source, 'a secret of Vault', 'give what "vault kv get -format=json PATH" prints')
  const data = getAt(objectIn(text, source, other), ['data'])
  const isVersion2 = getAt(data, ['metadata', 'version']) !== undefined
  const values = isVersion2 ? getAt(data, ['data']) : data
  if (isVersion2 && values?.kind === 'null') {
    throw new EscError('invalid_input', `the version of the secret in ${source} was deleted: it has no values`, {
      hint: 'read another version, or undelete this one in Vault',
    })
  }
  if (values?.kind !== 'object') throw other
  return { entries: entriesOf(values, text, true) }
}

/** Variables that Doppler adds, which say where the secrets are from. */
const OF_DOPPLER = ['DOPPLER_PROJECT', 'DOPPLER_ENVIRONMENT', 'DOPPLER_CONFIG']

/**
 * Reads what `doppler secrets download --no-file` prints, as JSON or YAML, or `doppler secrets
 * --json`. All values are secrets, as Doppler has computed them.
 * @throws EscError `invalid_input` for another file.
 */
export function readDopplerExport(text: string, source: string): ForeignFile {
  const hint = 'give what "doppler secrets download --no-file --format json" prints'
  const other = otherFile(source, 'secrets of Doppler', hint)
  const root = objectIn(text, source, other)
  const dropped: string[] = []
  const entries = root.entries.flatMap(({ key, value }): ForeignEntry[] => {
    if (OF_DOPPLER.includes(key.value)) {
      dropped.push(key.value)
      return []
    }
    const computed = value.kind === 'object' ? getAt(value, ['computed']) : value
    if (computed?.kind !== 'string') throw other
    return [{ key: key.value, value: scalar(computed.value, true) }]
  })
  const warnings = dropped.length === 0 ? [] : [`not imported: ${dropped.join(', ')}, which Doppler itself sets`]
  return { entries, warnings, place: 'environmentVariables' }
}

/**
 * Reads what `infisical export` prints, as JSON or YAML. All values are secrets.
 * @throws EscError `invalid_input` for another file, or a key that it has twice.
 */
export function readInfisicalExport(text: string, source: string): ForeignFile {
  // A list has no keys of its own.
  const root = objectIn(/^\s*\[/.test(text) ? `{"secrets": ${text}\n}` : text, source, notOfInfisical(source))
  const list = getAt(root, ['secrets'])
  const entries = list?.kind === 'array' ? list.elements.map((each) => pairOf(each, source)) : pairsOf(root, source)
  const seen = new Set<string>()
  for (const { key } of entries) {
    if (seen.has(key)) {
      throw new EscError('invalid_input', `${source} has the key ${key} twice`, {
        hint: 'export one environment and one folder, without personal values',
      })
    }
    seen.add(key)
  }
  return { entries, place: 'environmentVariables' }
}

function pairOf(node: Node, source: string): ForeignEntry {
  const key = textAt(node, 'key') ?? textAt(node, 'secretKey')
  const value = textAt(node, 'value') ?? textAt(node, 'secretValue')
  if (key === undefined || value === undefined) throw notOfInfisical(source)
  return { key, value: scalar(value, true) }
}

function pairsOf(root: ObjectNode, source: string): ForeignEntry[] {
  return root.entries.map(({ key, value }) => {
    if (value.kind === 'object' || value.kind === 'array') throw notOfInfisical(source)
    return {
      key: key.value,
      value: scalar('value' in value ? String(value.value ?? '') : value.kind === 'number' ? value.text : '', true),
    }
  })
}

function notOfInfisical(source: string): EscError {
  return otherFile(source, 'secrets of Infisical', 'give what "infisical export --format json" prints')
}

/**
 * Reads what `op item get --format json` prints of an item of 1Password: its fields by their
 * labels, those of a section below its label. All values are secrets. Fields without a value are
 * left out.
 * @throws EscError `invalid_input` for another file, or two fields of one name.
 */
export function readOnePasswordItem(text: string, source: string): ForeignFile {
  const other = otherFile(source, 'an item of 1Password', 'give what "op item get ITEM --format json" prints')
  const fields = getAt(objectIn(text, source, other), ['fields'])
  if (fields?.kind !== 'array') throw other
  const entries: ForeignEntry[] = []
  const sections = new Map<string, ForeignEntry[]>()
  for (const field of fields.elements) {
    const key = textAt(field, 'label') || textAt(field, 'id')
    const value = textAt(field, 'value')
    if (key === undefined || value === undefined || value === '') continue
    const section = getAt(field, ['section'])
    const label = section === undefined ? undefined : textAt(section, 'label') || undefined
    const into = label === undefined ? entries : (sections.get(label) ?? [])
    if (label !== undefined) sections.set(label, into)
    if (into.some((each) => each.key === key)) throw twice(source, label === undefined ? key : `${label}.${key}`)
    into.push({ key, value: scalar(value, true) })
  }
  for (const [key, members] of sections) {
    if (entries.some((each) => each.key === key)) throw twice(source, key)
    entries.push({ key, value: { kind: 'object', entries: members } })
  }
  return { entries }
}

function twice(source: string, key: string): EscError {
  return new EscError('invalid_input', `${source} has two fields of the name ${key}`, {
    hint: 'rename one of them in 1Password',
  })
}

function otherFile(source: string, what: string, hint: string): EscError {
  return new EscError('invalid_input', `${source} does not look like ${what}`, { hint })
}

function textAt(node: Node, key: string): string | undefined {
  const value = getAt(node, [key])
  return value?.kind === 'string' ? value.value : undefined
}

function entriesOf(node: ObjectNode, text: string, secret = false): readonly ForeignEntry[] {
  const read = foreignValue(node, [], () => undefined, text)
  const all = secret ? asSecret(read) : read
  return all.kind === 'object' ? all.entries : []
}

function asSecret(value: ForeignValue): ForeignValue {
  if (value.kind === 'list') return { kind: 'list', items: value.items.map(asSecret) }
  if (value.kind === 'object') {
    return { kind: 'object', entries: value.entries.map((each) => ({ ...each, value: asSecret(each.value) })) }
  }
  return { ...value, secret: true }
}
