import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isMap, parseDocument, stringify, type YAMLMap } from 'yaml'

/**
 * A recorded session with the command line: what is there before, the script, and what it must
 * print.
 */
export interface Transcript {
  readonly name: string
  /** The shell script, in which `esc` is the program. */
  readonly script: string
  /** Whether the script must end with a non-zero status. */
  readonly fails: boolean
  /** A program that `esc` is mounted under. */
  readonly parent: string | undefined
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly variables: Readonly<Record<string, string>>
  /** Programs on the path, as shell scripts. */
  readonly programs: Readonly<Record<string, string>>
  readonly environments: readonly RecordedEnvironment[]
  readonly expected: Output
}

export interface Output {
  readonly out: string
  readonly err: string
}

export interface RecordedEnvironment {
  readonly organization: string
  /** `project/environment`. */
  readonly name: string
  /** From revision 2 on; revision 1 is empty. */
  readonly revisions: readonly RecordedRevision[]
  readonly tags: Readonly<Record<string, string>>
}

interface RecordedRevision {
  readonly definition: string
  readonly tags: readonly string[]
  readonly retracted?: { readonly replacement?: number; readonly reason?: string } | undefined
}

const separator = '\n---\n'

/** Reads `<case>.yaml` and, where it is there, `<case>.definitions.json`. */
export function readTranscript(file: string): Transcript {
  const name = basename(file, '.yaml')
  const text = readFileSync(file, 'utf8')
  const [header = '', out = '', ...rest] = text.split(separator)
  const document = parseDocument(header)
  const definitionsFile = join(dirname(file), `${name}.definitions.json`)
  const definitions = existsSync(definitionsFile)
    ? (JSON.parse(readFileSync(definitionsFile, 'utf8')) as Record<string, string[]>)
    : {}
  const data = document.toJS() as Header
  const nodes = document.get('environments')
  const environments = isMap(nodes) ? nodes.items.map((item) => readEnvironment(item, definitions)) : []
  return {
    name,
    script: data.run,
    fails: data.error !== undefined,
    parent: data.parent,
    files: data.process?.fs ?? {},
    variables: data.process?.environ ?? {},
    programs: data.process?.commands ?? {},
    environments,
    expected: { out, err: rest.join(separator) },
  }
}

interface Header {
  readonly run: string
  readonly error?: unknown
  readonly parent?: string
  readonly process?: {
    readonly fs?: Record<string, string | Uint8Array>
    readonly environ?: Record<string, string>
    readonly commands?: Record<string, string>
  }
}

interface Node {
  readonly revisions?: readonly {
    readonly tags?: readonly string[]
    readonly retracted?: RecordedRevision['retracted']
  }[]
  readonly tags?: Record<string, string>
}

function readEnvironment(
  item: YAMLMap['items'][number],
  definitions: Readonly<Record<string, readonly string[]>>,
): RecordedEnvironment {
  const fullName = String(item.key)
  const [organization = '', ...path] = fullName.split('/')
  const node = item.value as { toJSON?: () => unknown } | null
  const data = (node?.toJSON?.() ?? {}) as Node
  // Without `revisions` the whole node is one definition.
  const listed = isMap(node) && Array.isArray(data.revisions)
  const revisions = listed ? data.revisions! : [{}]
  const written = listed
    ? ((node as YAMLMap).get('revisions') as YAMLMap).items.map((each) => (each as unknown as YAMLMap).get('yaml'))
    : [node]
  return {
    organization,
    name: path.join('/'),
    revisions: revisions.map(({ tags = [], retracted }, index) => ({
      definition: definitions[fullName]?.[index] ?? stringify(written[index], { indent: 4, lineWidth: 0 }),
      tags,
      retracted,
    })),
    tags: data.tags ?? {},
  }
}
