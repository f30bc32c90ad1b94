import type { Power, PowerKind } from '../../trust/index.ts'
import { decode, getAt, type Node } from '../../yaml/index.ts'

/**
 * The readings of a provider from this machine, and where its inputs say so. `*`: each member.
 */
const readers: Readonly<Record<string, { readonly kind: PowerKind; readonly at: readonly string[] }>> = {
  env: { kind: 'readVariable', at: ['get', '*', 'name'] },
  file: { kind: 'readFile', at: ['get', '*', 'path'] },
  sops: { kind: 'sopsFile', at: ['path'] },
  command: { kind: 'command', at: ['command'] },
  'kubernetes-secrets': { kind: 'cluster', at: ['login', 'from'] },
  'pulumi-stacks': { kind: 'stack', at: ['stacks', '*', 'stack'] },
  'terraform-state': { kind: 'readFile', at: ['backend', 'local', 'path'] },
}

/** The rotator that sends what a definition holds to the host that the definition names. */
const issuing = 'http-issued'

/**
 * Returns what a definition asks of this machine: its readings, and the hosts that are sent what
 * it holds. Only what is written there: what is put together while it is opened cannot be known
 * before, and so is not allowed.
 */
export function machinePowers(text: string): readonly Power[] {
  // Almost all definitions are told from their text.
  const reads = text.includes('fn::open') && Object.keys(readers).some((name) => text.includes(name))
  const may = reads || text.includes(issuing)
  if (!may && !text.includes('\\')) return []
  const { node } = decode('environment.yaml', text)
  const powers: Power[] = []
  if (node !== undefined) collect(node, powers)
  return powers
}

function collect(node: Node, powers: Power[]): void {
  if (node.kind === 'array') for (const element of node.elements) collect(element, powers)
  if (node.kind !== 'object') return
  for (const { key, value } of node.entries) {
    const provider = getAt(value, ['provider'])
    const named = provider?.kind === 'string' ? provider.value : ''
    const [, kind = '', short] = /^fn::(open|rotate)(?:::(.+))?$/.exec(key.value) ?? []
    const name = short ?? named
    const reader = kind === 'open' && Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader !== undefined) {
      const inputs = short === undefined ? getAt(value, ['inputs']) : value
      for (const found of valuesAt(inputs, reader.at)) powers.push({ kind: reader.kind, value: found })
    }
    if (kind === 'rotate' && name === issuing) {
      for (const url of valuesAt(value, ['inputs', 'url'])) powers.push(...issuingHosts(url))
    }
    collect(value, powers)
  }
}

function issuingHosts(url: string): readonly Power[] {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null'
  return origin === 'null' ? [] : [{ kind: 'issuingHost', value: origin }]
}

function valuesAt(node: Node | undefined, [step, ...rest]: readonly string[]): readonly string[] {
  if (node === undefined) return []
  if (step === '*') {
    return node.kind === 'object' ? node.entries.flatMap(({ value }) => valuesAt(value, rest)) : []
  }
  if (step !== undefined) return valuesAt(getAt(node, [step]), rest)
  const words = node.kind === 'array' ? node.elements : [node]
  const texts = words.flatMap((word) => (word.kind === 'string' && !word.value.includes('$') ? [word.value] : []))
  if (texts.length < words.length) return []
  return node.kind === 'array' ? [JSON.stringify(texts)] : texts
}
